import type { RecordProducer } from '@runlane/kafka';
import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import type { Client } from 'pg';
import { cpuMsOf } from '../machine.ts';
import { runRequests } from '../requests.ts';

/** One side of the bench: a process that turns records of a topic into rows of a ledger. */
export type Contestant = {
  name: string;
  process: ServiceProcess;
  topic: string;
  /** A connection to its database, to read what it has written. */
  database: Client;
  producer: RecordProducer;
};

/** `perSecond`: records; `cpuMs`: CPU time of the process, null where it is not known. */
export type AdmissionRound = { perSecond: number; cpuMs: number | null; hasRejoined: boolean };

/** Records of one publish: some 600 KB. */
const PUBLISH_AT_ONCE = 2_000;
/** Longest time for one round, in milliseconds. */
const ROUND_LIMIT_MS = 30_000;

/**
 * Publishes records while the contestant is frozen, thaws it, and times until they are rows. The clock is the
 * database's on both ends: from the thaw to the last event written, so the last commit is not in it.
 *
 * All rounds use the same process, because a new one would measure the compiler. A freeze is far
 * shorter than the session of the consumer group; `hasRejoined` says when it was not.
 *
 * Thrown when the rows do not come, or are not as many as the records.
 */
export async function admitOneRound(
  side: Contestant,
  load: { count: number; threadCount: number },
): Promise<AdmissionRound> {
  const requests = runRequests(side.topic, { ...load, durability: 'async' });
  const before = await eventCount(side.database);
  const joinsBefore = joinCount(side);

  const cpuBeforeMs = cpuMsOf(side.process.pid);
  let startedAt: number;
  side.process.signal('SIGSTOP');
  try {
    for (let start = 0; start < requests.length; start += PUBLISH_AT_ONCE) {
      await side.producer.publish(requests.slice(start, start + PUBLISH_AT_ONCE).map(({ record }) => record));
    }
    startedAt = await databaseTime(side.database);
  } finally {
    side.process.signal('SIGCONT');
  }
  const wanted = before + load.count;
  let reached = 0;
  await eventually(
    async () => {
      if (!side.process.isRunning) throw new Error(`${side.name} ended: ${side.process.stderr}`);
      reached = await lastEventId(side.database);
      return reached >= wanted && (await eventCount(side.database)) >= wanted;
    },
    {
      what: `${side.name} has written ${wanted} events`,
      deadlineMs: ROUND_LIMIT_MS,
      everyMs: 25,
      seen: () => ({ reached }),
    },
  );
  const cpuMs = cpuMsOf(side.process.pid);
  const seconds = (await lastEventTime(side.database)) - startedAt;
  return {
    perSecond: load.count / seconds,
    cpuMs: cpuMs === null || cpuBeforeMs === null ? null : cpuMs - cpuBeforeMs,
    hasRejoined: joinCount(side) !== joinsBefore,
  };
}

export async function untilJoined(side: Pick<Contestant, 'name' | 'process'>): Promise<void> {
  await eventually(
    () => {
      if (!side.process.isRunning) throw new Error(`${side.name} ended: ${side.process.stderr}`);
      return side.process.logged('consumer.joined').length > 0;
    },
    { what: `${side.name} joined its group` },
  );
}

function joinCount(side: Contestant): number {
  return side.process.logged('consumer.joined').length;
}

async function databaseTime(database: Client): Promise<number> {
  return number(database, 'select extract(epoch from clock_timestamp())');
}

async function lastEventTime(database: Client): Promise<number> {
  return number(database, 'select extract(epoch from max(occurred_at)) from runlane.outbox');
}

async function eventCount(database: Client): Promise<number> {
  return number(database, 'select count(*) from runlane.outbox');
}

/** Reading the sequence costs the same for any number of rows; it is ahead of what is committed. */
async function lastEventId(database: Client): Promise<number> {
  return number(database, 'select last_value from runlane.outbox_outbox_id_seq');
}

async function number(database: Client, text: string): Promise<number> {
  const { rows } = await database.query<[unknown]>({ text, rowMode: 'array' });
  return Number(rows[0]?.[0]);
}
