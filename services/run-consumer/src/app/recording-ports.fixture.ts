/** Doubles for the ports of the use cases. Each records its calls and answers as the test says. */
import { parseRunCreate } from '@runlane/contracts';
import { createLogger } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { ClaimedRun, HeldClaim, StopRequest } from '../domain/run.ts';
import type { Settlement } from '../domain/settlement.ts';
import type {
  AttemptSettlement,
  ExecutorDescription,
  ExecutorLeases,
  Hints,
  OwnedSettlement,
  RunClaims,
  RunSettlements,
  BatchResult,
} from './ports.ts';

/** A logger whose lines a test can read; `messages` are the event names, oldest first. */
export function recordingLog(): { logger: Logger; messages: () => string[]; parsed: () => Record<string, unknown>[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    logger: createLogger({ service: 'test', level: 'trace', destination }),
    messages: () => parsed().map(({ msg }) => String(msg)),
    parsed,
  };
}

export type RecordingHints = Hints & { readonly given: string[] };

export function recordingHints(): RecordingHints {
  const given: string[] = [];
  return {
    given,
    runsReady: () => void given.push('runs_ready'),
    eventsStored: () => void given.push('events_stored'),
    deadLettersStored: () => void given.push('dead_letters_stored'),
    stopsRequested: () => void given.push('stops_requested'),
    lanesMarked: () => void given.push('lanes_marked'),
  };
}

/** A call that the test answers at a moment of its choice. */
export type OpenCall<A, R> = { args: A; resolve: (result: R) => void; reject: (error: unknown) => void };

/** A port's method whose calls stay open until the test answers them. */
export function openCalls<A extends unknown[], R>(): {
  call: (...args: A) => Promise<R>;
  open: OpenCall<A, R>[];
} {
  const open: OpenCall<A, R>[] = [];
  const call = (...args: A): Promise<R> =>
    new Promise((resolve, reject) => {
      open.push({ args, resolve, reject });
    });
  return { call, open };
}

export type Answer = (settlements: readonly OwnedSettlement[]) => Promise<BatchResult[]>;

/** Settles everything unless told otherwise; `transactions` holds what each transaction was asked to settle. */
export function recordingSettlements(
  answer: Answer = (settlements) => Promise.resolve(settlements.map(() => 'settled')),
): RunSettlements & { readonly transactions: OwnedSettlement[][] } {
  const transactions: OwnedSettlement[][] = [];
  return {
    transactions,
    settle: (settlements) => {
      transactions.push([...settlements]);
      return answer(settlements);
    },
  };
}

export const DESCRIPTION: ExecutorDescription = { host: 'host/1', version: '1.2.3', graphIds: ['agent'] };

/** `renew` gives the claims only; the database's clock is this host's. */
export type LeaseOverrides = Partial<Omit<ExecutorLeases, 'renew'>> & {
  renew?: (executorId: string, leaseMs: number) => Promise<HeldClaim[] | null>;
};

/** Leases that are always granted, unless the test replaces a method; `calls` holds the calls, oldest first. */
export function recordingLeases(overrides: LeaseOverrides = {}): ExecutorLeases & { readonly calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    register: (executorId, description, leaseMs) => {
      calls.push(`register ${executorId}`);
      return overrides.register?.(executorId, description, leaseMs) ?? Promise.resolve();
    },
    renew: (executorId, leaseMs) => {
      calls.push(`renew ${executorId}`);
      return (overrides.renew?.(executorId, leaseMs) ?? Promise.resolve([])).then(
        (held) => held && { held, databaseMs: Date.now() },
      );
    },
    release: (executorId) => {
      calls.push(`release ${executorId}`);
      return overrides.release?.(executorId) ?? Promise.resolve();
    },
  };
}

/** Ready runs in the given order. Each claim is recorded with its limit and with the runs that it already knew. */
export function readyRuns(
  runs: readonly ClaimedRun[],
  stopRequests: () => StopRequest[] = () => [],
): RunClaims & { readonly limits: number[]; readonly known: (readonly string[])[] } {
  const waiting = [...runs];
  const limits: number[] = [];
  const known: (readonly string[])[] = [];
  return {
    limits,
    known,
    claim: (_executorId, limit, knownIds) => {
      limits.push(limit);
      known.push(knownIds);
      return Promise.resolve(waiting.splice(0, limit));
    },
    stopRequests: () => Promise.resolve(stopRequests()),
  };
}

/** A run as a claim returns it: attempt 1, token 7. */
export function claimedRun(runId: string, overrides: Partial<ClaimedRun> = {}): ClaimedRun {
  const threadId = `thread of ${runId}`;
  const parsed = parseRunCreate({ thread_id: threadId, assistant_id: 'chat', input: {} });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join(' '));
  return {
    runId,
    threadId,
    assistantId: 'chat',
    graphId: 'chat',
    request: parsed.request,
    metadata: {},
    multitaskStrategy: 'enqueue',
    attempt: 1,
    fencingToken: 7n,
    isIsolated: false,
    isTemporary: false,
    restingStatus: 'idle',
    checkpointFloor: null,
    traceparent: null,
    readySeconds: null,
    ...overrides,
  };
}

export function settlementOfRun(
  runId: string,
  settlement: Settlement = { kind: 'requeue', spendsAttempt: false, isolate: false },
): AttemptSettlement {
  const of = { graphId: 'chat', attempt: 1, traceparent: null };
  return { runId, threadId: `thread of ${runId}`, fencingToken: 7n, ...of, settlement };
}
