/** `audit`: joins the request topic, the ledger, the status topic, dead letters and deliveries. */
import { groupNames } from '@runlane/contracts';
import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import { openAudit } from '@runlane/run-consumer/audit';
import type { AuditedRun, LedgerQuestions } from '@runlane/run-consumer/audit';
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import { withKafka } from '../deployment-kafka.ts';
import { countOf, sinceOf } from '../input.ts';
import type { Output } from '../output.ts';
import type { Environment } from '../settings.ts';
import { auditDeliveries } from './deliveries.ts';
import { compareAll, stateFinding, strangeRuns, stuckFinding } from './findings.ts';
import type { Finding, Restored } from './findings.ts';
import { orderFindings, orderedRuns } from './order.ts';
import { readDeadLetters, readEvents, readRequests } from './read-topics.ts';

export type AuditFlags = { since: string; stuckAfter: string; limit: string; restoredTo?: string; resumedAt?: string };

/** Clocks of processes and database may differ by this, in milliseconds. */
const CLOCK_MARGIN_MS = 300_000;
/** Dead letters are few, so those of one more day are read: the clocks of producers may differ by much. */
const LETTER_MARGIN_MS = 86_400_000;
/** Ids in one statement. */
const CHUNK = 5_000;
/** Most findings of a kind that the ledger is asked for. */
const STUCK_LIMIT = 1_000;
const FOUND_SOMETHING = 2;
/** Time limit of a statement that counts whole tables, in milliseconds. */
const STATEMENT_MS = 600_000;

/** Thrown: ConfigError; CommandError when it cannot look, with exit code 2 when it has found something. */
export async function audit(flags: AuditFlags, environment: Environment, output: Output): Promise<void> {
  const startedAt = Date.now();
  const since = sinceOf(flags.since, startedAt, '--since');
  const stuckMs = startedAt - sinceOf(flags.stuckAfter, startedAt, '--stuck-after').getTime();
  const limit = countOf(flags.limit, '--limit');
  const restored = restoredOf(flags, startedAt);
  const { RUNLANE_RETENTION_DAYS: days } = loadConfig(
    runlaneVariables.pick({ RUNLANE_RETENTION_DAYS: true }),
    environment,
  );
  const forgottenBefore = new Date(days === 0 ? 0 : startedAt - days * 86_400_000);
  await withKafka(environment, (kafka) =>
    withDatabase(
      environment,
      async ({ database, place, checkpointSchema }) => {
        const groups = groupNames(kafka.prefix);
        const ledger = openAudit(database, {
          group: groups.runConsumer,
          topic: kafka.topics.requests,
          checkpointSchema,
        });
        output.say(`Requests of ${kafka.topics.requests} since ${since.toISOString()} …`);
        const asked = await readRequests(kafka, since);
        output.say(`Their runs in the ledger of ${place} …`);
        const positions = await ledger.positions();
        const ids = asked.flatMap(({ expected }) => (expected.kind === 'run' ? [expected.runId] : []));
        const runs = await lookUp(ledger, ids);
        const stuck = await stuckFindings(ledger, stuckMs);
        const waiting = await ledger.waitingDeadLetters();
        output.say('What they have left in their threads …');
        const states = await stateFindings(ledger, [...runs.values()]);
        output.say(`Events of ${kafka.topics.status} and dead letters …`);
        const { events, isShortened } = await readEvents(kafka, firstEventAt(runs, since));
        const letters = await readDeadLetters(kafka, new Date(Math.max(since.getTime() - LETTER_MARGIN_MS, 0)));
        const deadLetters = new Set([...letters, ...waiting.places]);
        const compared = {
          asked,
          positions,
          ledger: runs,
          events: events.runs,
          deadLetters,
          isShortened,
          forgottenBefore,
          restored,
        };
        const { findings, ...counts } = compareAll(compared);
        const strangers = [...events.runs.keys()].filter((runId) => !runs.has(runId));
        const strange = strangeRuns(
          events.runs,
          new Map([...runs, ...(await lookUp(ledger, strangers))]),
          forgottenBefore,
        );
        const deliveries = await auditDeliveries(database, events, {
          group: groups.webhookDispatcher,
          topic: kafka.topics.status,
          stuckMs,
        });
        const late = lateRequests(asked, positions, startedAt - stuckMs);
        const order = orderFindings(events.steps, orderedRuns(asked, runs, isShortened), restored);
        const all = [...findings, ...order, ...states, ...strange, ...stuck, ...late, ...deliveries.findings];
        tell(all, limit, output);
        const summary = {
          since,
          requests: counts.judgedCount,
          requests_not_read_yet: counts.waitingCount,
          requests_forgotten: counts.forgottenCount,
          runs: runs.size,
          events: events.count,
          events_unreadable: events.unreadableCount,
          dead_letters: letters.size,
          webhooks: deliveries.counts,
          findings: all.length,
        };
        output.print({ summary }, wordsOf(summary));
        if (all.length > 0) throw new CommandError(`the audit has ${all.length} findings`, FOUND_SOMETHING);
      },
      { statementTimeoutMs: STATEMENT_MS },
    ),
  );
}

/** Without --resumed-at, the ledger may still be continuing from the point to which it was put back. Thrown: CommandError. */
function restoredOf({ restoredTo, resumedAt }: AuditFlags, nowMs: number): Restored | null {
  if (restoredTo === undefined) {
    if (resumedAt === undefined) return null;
    throw new CommandError(
      '--resumed-at is the time when processes went on after a restore; give --restored-to as well',
    );
  }
  const toMs = sinceOf(restoredTo, nowMs, '--restored-to').getTime();
  const resumedMs = resumedAt === undefined ? Infinity : sinceOf(resumedAt, nowMs, '--resumed-at').getTime();
  if (resumedMs >= toMs) return { toMs, resumedMs };
  throw new CommandError('--resumed-at is before --restored-to, but processes go on after the time that was restored');
}

/** The time from which all events of the runs have to be read: a request may repeat an older one, or have a wrong date. */
function firstEventAt(runs: ReadonlyMap<string, AuditedRun>, since: Date): Date {
  let ms = since.getTime();
  for (const { createdAt } of runs.values()) ms = Math.min(ms, createdAt.getTime());
  return new Date(Math.max(ms - CLOCK_MARGIN_MS, 0));
}

/** The runs of the ledger among the ids. */
async function lookUp(ledger: LedgerQuestions, ids: readonly string[]): Promise<Map<string, AuditedRun>> {
  const unique = [...new Set(ids)];
  const found = new Map<string, AuditedRun>();
  for (let at = 0; at < unique.length; at += CHUNK) {
    for (const run of await ledger.runs(unique.slice(at, at + CHUNK))) found.set(run.runId, run);
  }
  return found;
}

async function stateFindings(ledger: LedgerQuestions, runs: readonly AuditedRun[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = 0; at < runs.length; at += CHUNK) {
    findings.push(...(await ledger.wrongStates(runs.slice(at, at + CHUNK))).map(stateFinding));
  }
  return findings;
}

async function stuckFindings(ledger: LedgerQuestions, stuckMs: number): Promise<Finding[]> {
  const findings = (await ledger.stuck(stuckMs, STUCK_LIMIT)).map(stuckFinding);
  const late = (seconds: number, subject: string, why: string): Finding[] =>
    seconds * 1_000 > stuckMs ? [{ finding: 'stuck', subject, why: `for ${Math.round(seconds)} s: ${why}` }] : [];
  const { oldestSeconds } = await ledger.waitingDeadLetters();
  return [
    ...findings,
    ...late(
      await ledger.oldestUnpublishedSeconds(),
      'runlane.outbox',
      'an event is not published; does a process have the role relay?',
    ),
    ...late(oldestSeconds, 'runlane.dead_letters', 'a dead letter is not published; does its topic accept it?'),
  ];
}

type Asked = Awaited<ReturnType<typeof readRequests>>;

/** The oldest request of each partition that has been unread for this long. */
function lateRequests(asked: Asked, positions: ReadonlyMap<number, bigint>, beforeMs: number): Finding[] {
  const oldest = new Map<number, Asked[number]>();
  for (const record of asked) {
    if (record.offset <= (positions.get(record.partition) ?? -1n) || oldest.has(record.partition)) continue;
    oldest.set(record.partition, record);
  }
  return [...oldest.values()]
    .filter(({ timestampMs }) => timestampMs < beforeMs)
    .map(({ place, timestampMs }) => ({
      finding: 'stuck',
      subject: place,
      why: `a request of ${new Date(timestampMs).toISOString()} is not read, nor are later ones; does a process have the role admission?`,
    }));
}

function tell(findings: readonly Finding[], limit: number, output: Output): void {
  if (findings.length === 0) return;
  output.printTable(
    ['FINDING', 'OF', 'WHY'],
    findings
      .slice(0, limit)
      .map((finding) => ({ object: finding, cells: [finding.finding, finding.subject, finding.why] })),
  );
  if (findings.length > limit) output.say(`${findings.length - limit} more: see --limit.`);
}

function wordsOf(
  summary: { findings: number; requests: number; runs: number; events: number; dead_letters: number } & Record<
    string,
    unknown
  >,
): string {
  const { findings, requests, runs, events, dead_letters: letters } = summary;
  const looked = `${requests} requests, ${runs} runs, ${events} events, ${letters} dead letters`;
  const waiting = `${String(summary['requests_not_read_yet'])} requests are not read yet`;
  return `${findings === 0 ? 'Everything is accounted for' : `${findings} findings`}: ${looked}; ${waiting}.`;
}
