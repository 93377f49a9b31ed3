/**
 * Purpose   Compares the order of events with the order of requests: runs that were admitted, or have begun, before they should
 *           (I2) or while another run of their thread was executing (I3), and events that are in the wrong order (I6).
 * Trust     An event that is in the topic twice counts at its first place. Only runs whose events were all read are judged,
 *           and two runs are compared only if their requests are on one partition, because others have no order.
 */
import { isTerminalEventType } from '@runlane/contracts';
import type { AuditedRun } from '@runlane/run-consumer/audit';
import { isForgotten } from './findings.ts';
import type { Finding, Restored } from './findings.ts';
import type { AskedRecord, Step } from './seen.ts';

/** What is known of a run besides its events. `isScheduled`: it joins its lane when it is due, whatever came in the meantime. */
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
    // A repeat of the request, and another request with the same id, are at other places.
    if (run === undefined || run.sourcePartition !== partition || run.sourceOffset !== offset) continue;
    if (!isShortened(run.threadId)) runs.set(run.runId, { ...run, isScheduled: expected.isScheduled });
  }
  return runs;
}

/**
 * @param threads by thread, its events in the order in which they lie in the topic
 * @param runs those that are judged, by run_id
 * @param restored events of a time that the ledger has forgotten are passed over, because they are published again
 */
export function orderFindings(
  threads: ReadonlyMap<string, readonly Step[]>,
  runs: ReadonlyMap<string, OrderedRun>,
  restored: Restored | null,
): Finding[] {
  return [...threads.values()].flatMap((steps) => {
    const firsts = new Map<string, Step>();
    for (const step of steps) {
      if (!isForgotten(step.atMs, restored) && !firsts.has(step.eventId)) firsts.set(step.eventId, step);
    }
    const judged = [...firsts.values()].filter(({ runId }) => runs.has(runId));
    const ofRuns = [...Map.groupBy(judged, ({ runId }) => runId)];
    return [...ofRuns.flatMap(([runId, own]) => orderOfRun(runId, own)), ...orderOfThread(judged, runs)];
  });
}

function orderOfRun(subject: string, steps: readonly Step[]): Finding[] {
  const sequences = steps.map(({ sequence }) => sequence);
  if (sequences.some((sequence, index) => sequence > (sequences[index + 1] ?? Infinity))) {
    return [
      {
        finding: 'disordered',
        subject,
        why: `its events are in the status topic in the order ${sequences.join(', ')}`,
      },
    ];
  }
  const end = steps.find(({ type }) => isTerminalEventType(type));
  const last = sequences.at(-1);
  if (end === undefined || last === undefined || last === end.sequence) return [];
  return [{ finding: 'disordered', subject, why: `event ${end.sequence} has ended it, but event ${last} follows` }];
}

function orderOfThread(steps: readonly Step[], runs: ReadonlyMap<string, OrderedRun>): Finding[] {
  const findings: Finding[] = [];
  const admitted = new Latest('was admitted');
  const begun = new Latest('began');
  const executing = new Set<string>();
  for (const { runId, sequence, type } of steps) {
    const run = runs.get(runId);
    if (run === undefined) continue;
    if (sequence === 1) findings.push(...admitted.next(runId, run));
    if (isTerminalEventType(type)) executing.delete(runId);
    // One that is handed over begins again.
    if (type !== 'run.running' || executing.has(runId)) continue;
    const [other] = executing;
    if (other !== undefined) {
      findings.push({ finding: 'overlapping', subject: runId, why: `it began while ${other} of its thread executed` });
    }
    executing.add(runId);
    if (!run.isScheduled) findings.push(...begun.next(runId, run));
  }
  return findings;
}

/** The last request of each partition that has had any effect. */
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
