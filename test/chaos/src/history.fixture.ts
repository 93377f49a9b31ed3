/** Histories written by hand for the tests of the judges. */
import type { RunStatusEvent, RunStatusEventType } from '@runlane/contracts';
import type { SideEffect } from '../../e2e/src/faults/overlaps.ts';
import type { Delivery, History, LoggedRequest } from './history.ts';

/** Where the receiver is that takes everything. */
export const ORIGIN = 'http://127.0.0.1:1';
/** What no log may have. */
export const SECRET = 'a-secret';
/** Where no webhook may go. */
export const DENIED = 'http://127.0.0.3:1';
const START_MS = Date.parse('2026-01-01T00:00:00Z');

type Step = [run: string, type: RunStatusEventType, more?: Partial<RunStatusEvent>];

function event(steps: readonly Step[], index: number): RunStatusEvent {
  const [run_id, type, more] = steps[index] ?? ['', 'run.pending'];
  const before = steps.slice(0, index).filter(([run]) => run === run_id);
  const starts = [...before, steps[index]].filter((step) => step?.[1] === 'run.running').length;
  return {
    event_id: `event-${index}`,
    type,
    sequence: before.length + 1,
    occurred_at: new Date(START_MS + index * 1_000).toISOString(),
    run_id,
    thread_id: 'lane-1',
    attempt: starts,
    reason: null,
    superseded_by: null,
    webhook: null,
    values: null,
    ...more,
  } as RunStatusEvent;
}

/** A request for a run of the one lane. */
export const create = (run_id: string, multitask_strategy = 'enqueue', more: object = {}) => ({
  run_id,
  thread_id: 'lane-1',
  multitask_strategy,
  ...more,
});
export const cancel = (run_id: string | null, action = 'interrupt') => ({
  cancel: true,
  run_id,
  thread_id: 'lane-1',
  action,
});

/** What is told of a history; the rest of it is in order. */
export type Told = {
  requests?: (Record<string, unknown> | null)[];
  steps?: Step[];
  deadLetters?: string[];
  effects?: [run: string, node: string, at: SideEffect['at'], atSecond: number, pid?: number, execution?: string][];
  labels?: string[];
  webhooks?: Partial<Delivery>[];
  faultKinds?: string[];
  /** Numbers of the steps that the ledger has forgotten. */
  forgotten?: number[];
  heldUp?: string[];
  deniedConnections?: number;
  logs?: string[];
  /** When the process 1 was frozen. */
  silencedAtSecond?: number;
};

export function history(told: Told): History {
  const { requests = [], steps = [], effects = [], deadLetters = [] } = told;
  return {
    faultKinds: told.faultKinds ?? ['kill-consumer'],
    requests: requests.map((body, index): LoggedRequest => {
      const isCancel = body !== null && 'cancel' in body;
      return { partition: 0, offset: BigInt(index), isCancel, body };
    }),
    events: steps.map((_step, index) => {
      const found = event(steps, index);
      return { bytes: JSON.stringify(found), event: found };
    }),
    forgotten: new Set((told.forgotten ?? []).map((index) => `event-${index}`)),
    putBackCount: told.forgotten === undefined ? 0 : 1,
    deadLetters,
    effects: effects.map(([run_id, node, at, second, pid = 1, execution = '']): SideEffect => {
      return { run_id, thread_id: 'lane-1', node, at, pid, ms: START_MS + second * 1_000, execution };
    }),
    silences: new Map(told.silencedAtSecond === undefined ? [] : [[1, [START_MS + told.silencedAtSecond * 1_000]]]),
    states: new Map([['lane-1', { labels: told.labels ?? [] }]]),
    deliveries: {
      honest: (told.webhooks ?? []).map((webhook) => ({
        isSigned: true,
        eventId: '',
        runId: 'a',
        sequence: 1,
        type: 'run.succeeded',
        ...webhook,
      })),
      honestOrigin: ORIGIN,
    },
    deniedConnections: told.deniedConnections ?? 0,
    deniedOrigin: DENIED,
    secrets: new Map([['the key', SECRET]]),
    told: (told.logs ?? []).map((text) => ({ where: 'a log', text })),
    heldUp: told.heldUp ?? [],
    stuckCount: 1,
    silentCount: 1,
  };
}

/** The events of a run that has begun and ended. */
export const done = (
  run: string,
  end: RunStatusEventType = 'run.succeeded',
  more: Partial<RunStatusEvent> = {},
): Step[] => [
  [run, 'run.pending'],
  [run, 'run.running'],
  [run, end, more],
];
/** What runs that have succeeded leave in the state. */
export const labels = (...runs: string[]) => runs.flatMap((run) => [`${run}:first`, `${run}:second`]);
