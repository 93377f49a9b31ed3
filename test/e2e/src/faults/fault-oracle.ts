/**
 * What must be true after any fault, read from the status topic, the ledger and the side effects of the graphs. Each
 * check returns what is wrong as sentences, so that a failed test shows all of it at once.
 */
import { isTerminalEventType } from '@runlane/contracts';
import type { RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import { eventually } from '@runlane/testkit';
import type { EventCollector, SeenEvent } from '@runlane/testkit';
import type { World } from '../support/world.ts';
import { overlapsOf } from './overlaps.ts';
import type { SideEffect } from './overlaps.ts';

/** A run that the test has asked for, in the order of publishing. */
export type Asked = { runId: string; threadId: string };

type LedgerRun = { run_id: string; status: string; sequence: number; attempt: number };

/** Everything that was published until now, read to the end. */
export type History = {
  seen: readonly SeenEvent[];
  /** First occurrences, in the order of reading. */
  distinct: RunStatusEvent[];
  ledger: LedgerRun[];
  deadLetterCount: number;
};

/** Waits until every run has ended, every event is published and the status topic is read to its end. */
export async function readHistory(
  world: World,
  events: EventCollector,
  asked: readonly Asked[],
  deadlineMs = 60_000,
): Promise<History> {
  let ledger: LedgerRun[] = [];
  const isUnfinished = (run: LedgerRun) => run.status === 'pending' || run.status === 'running';
  await eventually(
    async () => {
      ({ rows: ledger } = await world.pool.query<LedgerRun>(
        'select run_id, status, sequence, attempt from runlane.runs',
      ));
      const { rowCount: unpublishedCount } = await world.pool.query(
        'select from runlane.outbox where published_at is null',
      );
      return ledger.length >= asked.length && !ledger.some(isUnfinished) && unpublishedCount === 0;
    },
    {
      what: `${asked.length} runs have ended and their events are published`,
      deadlineMs,
      everyMs: 100,
      seen: () => ({ admitted: ledger.length, unfinished: ledger.filter(isUnfinished).slice(0, 5) }),
    },
  );
  const recordCount = await world.recordCount(world.topics.status);
  await eventually(async () => (await events.seen()).length >= recordCount, { what: 'all events are read' });
  return {
    seen: await events.seen(),
    distinct: await events.events(),
    ledger,
    deadLetterCount: (await world.waitingDeadLetterCount()) + (await world.recordCount(world.topics.deadLetters)),
  };
}

/**
 * Every requested run has ended in exactly one terminal event of the type; none is lost, and none exists without a request.
 * Sequences have no gap, attempts are counted correctly, repeated records are the same event, and each thread is a lane.
 */
export function historyProblems(
  history: History,
  asked: readonly Asked[],
  expected: (run: Asked) => RunStatusEventType = () => 'run.succeeded',
): string[] {
  const problems: string[] = [];
  const askedIds = new Set(asked.map(({ runId }) => runId));
  for (const { run_id: runId } of [...history.ledger, ...history.distinct]) {
    if (!askedIds.has(runId)) problems.push(`run ${runId} was not asked for`);
  }
  if (history.deadLetterCount > 0) problems.push(`${history.deadLetterCount} dead letters`);
  problems.push(...repeatProblems(history.seen));
  const byRun = Map.groupBy(history.distinct, (event) => event.run_id);
  for (const run of asked)
    problems.push(...runProblems(run, byRun.get(run.runId) ?? [], history.ledger, expected(run)));
  problems.push(...laneProblems(history.distinct, asked));
  return problems;
}

function runProblems(
  { runId }: Asked,
  events: readonly RunStatusEvent[],
  ledger: readonly LedgerRun[],
  expected: RunStatusEventType,
): string[] {
  const problems: string[] = [];
  const types = events.map(({ type }) => type);
  const terminalTypes = types.filter((type) => isTerminalEventType(type));
  const last = events.at(-1);
  if (terminalTypes.length !== 1) problems.push(`run ${runId} has ${terminalTypes.length} terminal events`);
  if (last?.type !== expected) problems.push(`run ${runId} ended with ${last?.type} instead of ${expected}`);
  if (events.some(({ sequence }, index) => sequence !== index + 1)) {
    problems.push(`run ${runId} has the sequence ${events.map(({ sequence }) => sequence).join(',')}`);
  }
  // A start spends an attempt, or repeats the number of one that was handed back.
  const starts = events.filter(({ type }) => type === 'run.running').map(({ attempt }) => attempt);
  if (starts.some((attempt, index) => attempt !== (starts[index - 1] ?? 0) + 1 && attempt !== starts[index - 1])) {
    problems.push(`run ${runId} started as attempts ${starts.join(',')}`);
  }
  if (last !== undefined && last.attempt !== (starts.at(-1) ?? 0)) {
    problems.push(`run ${runId} ended as attempt ${last.attempt} after starts ${starts.join(',')}`);
  }
  const stored = ledger.find(({ run_id }) => run_id === runId);
  if (stored?.sequence !== events.length) {
    problems.push(`run ${runId} has ${events.length} events and sequence ${stored?.sequence} in the ledger`);
  }
  return problems;
}

/** A record that was published again carries the same bytes. */
function repeatProblems(seen: readonly SeenEvent[]): string[] {
  const byId = Map.groupBy(seen, ({ event }) => event.event_id);
  return [...byId].flatMap(([eventId, records]) => {
    const first = records[0]?.record.value;
    const isSame = records.every(({ record }) => first != null && record.value?.equals(first) === true);
    return isSame ? [] : [`event ${eventId} was published with different contents`];
  });
}

/** On each thread the runs are admitted, started and ended one after the other, in the order of asking (I3, I6). */
function laneProblems(events: readonly RunStatusEvent[], asked: readonly Asked[]): string[] {
  const problems: string[] = [];
  for (const [threadId, lane] of Map.groupBy(asked, (run) => run.threadId)) {
    const ofThread = events.filter((event) => event.thread_id === threadId);
    const order = (types: (type: RunStatusEventType) => boolean) =>
      ofThread.filter(({ type }) => types(type)).map(({ run_id }) => run_id);
    const wanted = lane.map(({ runId }) => runId).join();
    if (order((type) => type === 'run.pending').join() !== wanted) problems.push(`${threadId}: admitted out of order`);
    if (order((type) => isTerminalEventType(type)).join() !== wanted) problems.push(`${threadId}: ended out of order`);
    const busy = order((type) => type !== 'run.pending');
    const changes = busy.filter((runId, index) => runId !== busy[index - 1]);
    if (changes.length > lane.length) problems.push(`${threadId}: runs were not executed one after the other`);
  }
  return problems;
}

/**
 * At most one step of a thread at any moment, by what the graphs noted themselves (I3).
 *
 * @param effects in the order of writing
 * @param killedAtMs when the processes died that could not note the end of a step; Unix milliseconds by pid
 */
export function overlapProblems(effects: readonly SideEffect[], killedAtMs: ReadonlyMap<number, number>): string[] {
  const isGone = ({ pid }: SideEffect, ms: number) => ms >= (killedAtMs.get(pid) ?? Infinity);
  return overlapsOf(effects, isGone).map(({ threadId, what }) => `${threadId}: ${what}`);
}
