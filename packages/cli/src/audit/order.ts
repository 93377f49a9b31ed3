/**
 * Purpose   Compares the order of events with the order of requests: what was admitted, and what has begun, before it should (I2),
 *           while another run of its thread was executing (I3), or whose events lie behind each other wrongly (I6).
 * Trust     An event that lies in the topic twice counts where it lies first. Only runs all of whose events were read are
 *           judged; and of two runs only those whose requests lie on one partition, because others have no order.
 */
import type { AuditedRun } from '@runlane/run-consumer/audit';
import type { Finding } from './findings.ts';
import type { AskedRecord, SeenEvents, SeenRun, Step } from './seen.ts';

/** What is known of a run besides its events. `isScheduled`: it joins its lane when its time comes, whatever came later. */
export type OrderedRun = Pick<AuditedRun, 'sourcePartition' | 'sourceOffset'> & { isScheduled: boolean };

/**
 * The runs whose order can be judged: their requests were read, so their events were looked for from before they began, and
 * retention has taken none of them.
 */
export function orderedRuns(
  asked: readonly AskedRecord[],
  ledger: ReadonlyMap<string, AuditedRun>,
  isShortened: (threadId: string) => boolean,
): Map<string, OrderedRun> {
  const runs = new Map<string, OrderedRun>();
  for (const { partition, offset, expected } of asked) {
    if (expected.kind !== 'run') continue;
    const run = ledger.get(expected.runId);
    // The same request again, and another one under the same id, lie elsewhere.
    if (run === undefined || run.sourcePartition !== partition || run.sourceOffset !== offset) continue;
    if (!isShortened(run.threadId)) runs.set(run.runId, { ...run, isScheduled: expected.isScheduled });
  }
  return runs;
}

/** @param runs those whose events were all read, by run_id */
export function orderFindings(events: SeenEvents, runs: ReadonlyMap<string, OrderedRun>): Finding[] {
  return [
    ...[...events.runs].flatMap(([runId, seen]) => (runs.has(runId) ? orderOfEvents(runId, seen) : [])),
    ...[...events.steps.values()].flatMap((steps) => orderOfThread(steps, runs)),
  ];
}

function orderOfEvents(subject: string, { events, endSequence }: SeenRun): Finding[] {
  const sequences = [...events.keys()];
  const early = sequences.find((sequence, index) => sequence > (sequences[index + 1] ?? Infinity));
  if (early !== undefined) {
    const why = `its events lie in the status topic as ${sequences.join(', ')}`;
    return [{ finding: 'disordered', subject, why }];
  }
  const last = Math.max(...sequences);
  if (endSequence === null || last <= endSequence) return [];
  return [{ finding: 'disordered', subject, why: `event ${endSequence} has ended it, and event ${last} follows` }];
}

function orderOfThread(steps: readonly Step[], runs: ReadonlyMap<string, OrderedRun>): Finding[] {
  const findings: Finding[] = [];
  const admitted = new Latest('was admitted');
  const begun = new Latest('began');
  const executing = new Set<string>();
  for (const { runId, kind } of steps) {
    const run = runs.get(runId);
    if (run === undefined) continue;
    if (kind === 'admitted') findings.push(...admitted.next(runId, run));
    if (kind === 'ended') executing.delete(runId);
    if (kind !== 'began' || executing.has(runId)) continue;
    const [other] = executing;
    if (other !== undefined) {
      findings.push({ finding: 'overlapping', subject: runId, why: `it began while ${other} of its thread executed` });
    }
    executing.add(runId);
    if (!run.isScheduled) findings.push(...begun.next(runId, run));
  }
  return findings;
}

/** The request that lies furthest behind, of each partition, among those that something has happened to. */
class Latest {
  readonly #what: string;
  readonly #byPartition = new Map<number, { runId: string; offset: bigint }>();

  constructor(what: string) {
    this.#what = what;
  }

  next(runId: string, { sourcePartition: partition, sourceOffset: offset }: OrderedRun): Finding[] {
    const latest = this.#byPartition.get(partition);
    if (latest === undefined || latest.offset <= offset) {
      this.#byPartition.set(partition, { runId, offset });
      return [];
    }
    const why =
      `${latest.runId} ${this.#what} before it, although its request came later ` +
      `(partition ${partition}: ${offset}, then ${latest.offset})`;
    return [{ finding: 'disordered', subject: runId, why }];
  }
}
