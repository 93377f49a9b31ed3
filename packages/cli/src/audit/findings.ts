/**
 * Purpose   Compares what the request topic asked for with what ledger, status topic and dead letters have.
 * Order     A live system goes on while it is read. Effects are read after their causes: requests, then positions, then the
 *           ledger, then events and dead letters. So whatever is missing was missing when it was read, and later additions
 *           are not judged.
 * Kinds     lost: it had no effect. doubled: it had more effects than it may. disordered: it came before something that
 *           should have come first. overlapping: it executed at the same time as another run of its thread. leftover: it was
 *           rolled back, but is in the state. stuck: it has made no progress for too long. unaccounted: it exists without a
 *           known cause.
 */
import type { AuditedRun, StuckRun, WrongState } from '@runlane/run-consumer/audit';
import type { AskedRecord, EventTimes, SeenRun } from './seen.ts';

export type Finding = {
  finding: 'lost' | 'doubled' | 'disordered' | 'overlapping' | 'leftover' | 'stuck' | 'unaccounted';
  /** What it is about: a run_id, an event_id, or topic/partition/offset. */
  subject: string;
  why: string;
};

export type Compared = {
  asked: readonly AskedRecord[];
  /** Last offset in the ledger by partition. */
  positions: ReadonlyMap<number, bigint>;
  ledger: ReadonlyMap<string, AuditedRun>;
  events: ReadonlyMap<string, SeenRun>;
  /** `topic/partition/offset` of requests with a dead letter. */
  deadLetters: ReadonlySet<string>;
  /** Whether retention may have deleted events of the thread from the status topic. */
  isShortened: (threadId: string) => boolean;
  /** Records before may be of runs that have left the ledger. */
  forgottenBefore: Date;
  /** Null where the ledger was not put back. */
  restored: Restored | null;
};

/** A ledger that was put back to `toMs` and continued by `resumedMs`: it knows none of the events in between. */
export type Restored = { toMs: number; resumedMs: number };

export type Comparison = { findings: Finding[]; judgedCount: number; waitingCount: number; forgottenCount: number };

/** Compares the requests one by one, and then their runs. */
export function compareAll(all: Compared): Comparison {
  const findings: Finding[] = [];
  const runs = new Map<string, AuditedRun>();
  let [waitingCount, forgottenCount] = [0, 0];
  for (const record of all.asked) {
    if (record.offset > (all.positions.get(record.partition) ?? -1n)) {
      waitingCount += 1;
      continue;
    }
    const verdict = judge(record, all);
    if (verdict.kind === 'forgotten') forgottenCount += 1;
    else if (verdict.kind === 'run') runs.set(verdict.run.runId, verdict.run);
    else if (verdict.kind === 'lost') findings.push({ finding: 'lost', subject: record.place, why: verdict.why });
  }
  for (const run of runs.values()) findings.push(...eventFindings(run, all));
  for (const [runId, seen] of all.events) findings.push(...doubledFindings(runId, seen, all.restored));
  return { findings, judgedCount: all.asked.length - waitingCount, waitingCount, forgottenCount };
}

type Verdict =
  | { kind: 'lost'; why: string }
  | { kind: 'run'; run: AuditedRun }
  | { kind: 'fine' }
  | { kind: 'forgotten' };

function judge({ place, timestampMs, expected }: AskedRecord, all: Compared): Verdict {
  switch (expected.kind) {
    case 'cancel':
      return { kind: 'fine' };
    case 'dead_letter':
      if (all.deadLetters.has(place)) return { kind: 'fine' };
      return { kind: 'lost', why: `it has no dead letter, and should (${expected.reason.code})` };
    case 'run': {
      const run = all.ledger.get(expected.runId);
      if (run !== undefined) return { kind: 'run', run };
      if (all.deadLetters.has(place)) return { kind: 'fine' };
      if (timestampMs < all.forgottenBefore.getTime()) return { kind: 'forgotten' };
      return { kind: 'lost', why: `run ${expected.runId} is not in the ledger, and there is no dead letter` };
    }
  }
}

/** Events that the ledger has published and the topic does not have. */
function eventFindings(run: AuditedRun, { events, isShortened }: Compared): Finding[] {
  if (isShortened(run.threadId)) return [];
  const seen = events.get(run.runId)?.events;
  const published = run.eventCount - run.waitingCount;
  const missing = Array.from({ length: published }, (_, index) => index + 1).filter((n) => seen?.has(n) !== true);
  if (missing.length === 0) return [];
  const which = missing.length === 1 ? `event ${missing[0]}` : `events ${missing.join(', ')}`;
  const why = `${which} of ${run.eventCount} is not in the status topic, and is marked as published; it is ${run.status}`;
  return [{ finding: 'lost', subject: run.runId, why }];
}

/** Events that the ledger has forgotten because of a restore are published again under other ids: they do not count as doubled. */
function doubledFindings(runId: string, { events, ends }: SeenRun, restored: Restored | null): Finding[] {
  const hint = restored === null ? '; after a restore, say --restored-to' : '';
  const kinds = [['ends', ends] as const, ...[...events].map(([n, times]) => [`events ${n}`, times] as const)];
  for (const [what, times] of kinds) {
    const ids = remembered(times, restored);
    if (ids.length < 2) continue;
    return [{ finding: 'doubled', subject: runId, why: `it has ${ids.length} ${what}: ${ids.join(', ')}${hint}` }];
  }
  return [];
}

/** The ids of the events that a restore has not made the ledger forget. */
function remembered(times: EventTimes, restored: Restored | null): string[] {
  return [...times].filter(([, ms]) => !isForgotten(ms, restored)).map(([id]) => id);
}

/** Whether the ledger was put back to a time before this one. */
export function isForgotten(ms: number, restored: Restored | null): boolean {
  return restored !== null && ms >= restored.toMs && ms < restored.resumedMs;
}

/** Events of runs that the ledger does not know and should. */
export function strangeRuns(
  events: ReadonlyMap<string, SeenRun>,
  ledger: ReadonlyMap<string, AuditedRun>,
  forgottenBefore: Date,
): Finding[] {
  return [...events]
    .filter(([runId, { lastAtMs }]) => !ledger.has(runId) && lastAtMs >= forgottenBefore.getTime())
    .map(([runId]) => ({
      finding: 'unaccounted',
      subject: runId,
      why: 'the status topic has events of it, but the ledger does not: they were written by another program, or before a restore',
    }));
}

export function stateFinding({ runId, checkpointCount, inputCount }: WrongState): Finding {
  if (inputCount > 1) {
    return { finding: 'doubled', subject: runId, why: `its input is in the state of its thread ${inputCount} times` };
  }
  return {
    finding: 'leftover',
    subject: runId,
    why: `it was rolled back, but its thread has ${checkpointCount} checkpoints of it`,
  };
}

export function stuckFinding({ kind, runId, threadId, graphId, since }: StuckRun): Finding {
  const why = {
    ready: `it could start but was not claimed; is there a process with graph ${graphId} and a free place?`,
    overdue: 'its time has come, but it has not joined its lane; does a process sweep?',
    stranded: 'its process is gone, and no other has taken it over; does a process sweep?',
    unended: 'it was superseded or cancelled with many others, but its event is missing; does a process sweep?',
    forgotten_lane: 'it is the first of its lane but not ready: this is a bug of Runlane, please report it',
  }[kind];
  return { finding: 'stuck', subject: runId, why: `since ${since.toISOString()}, thread ${threadId}: ${why}` };
}
