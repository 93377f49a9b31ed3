import type { MessagePort } from 'node:worker_threads';
import type { CancelAction } from '@runlane/contracts';
import type { LogLevel, SecretFiles, TracingSettings } from '@runlane/service-kit';
import type { ClaimedRun, Outcome } from '../../../domain/run.ts';
import type { StoreSettings } from '../project/langgraph-json-store.ts';
import type { CacheAnswer, CacheRequest } from '../cache/cache-messages.ts';
import type { GraphSource } from '../project/langgraph-json.ts';
import type { LeaseEndTime } from './lease-end.ts';
import type { WorkerEvent } from './worker-events.ts';

/** What a worker thread is started with. */
export type WorkerSettings = {
  /** `secretFiles` names the file that DATABASE_URL is read from, if there is one. */
  database: { DATABASE_URL: string; secretFiles: SecretFiles };
  checkpointSchema: string;
  /** Most Postgres connections of the worker, for checkpoints. */
  poolSize: number;
  /** The folder of langgraph.json: where the graphs run. */
  directory: string;
  graphs: GraphSource[];
  /** For the path aliases of the graphs' modules; null without one. */
  tsconfig: string | null;
  /** How long the import of a graph may take, in milliseconds. */
  loadLimitMs: number;
  store: StoreSettings;
  /** Longest stack of an error in its event, in characters; 0 = none. */
  stackLength: number;
  /** Whether modules outside of `directory` are reported (outside-modules.ts). Default: false. */
  tellsModules?: boolean;
  /** Whether cached results of nodes are shared through the process (shared-caches.ts). Default: false. */
  sharesCaches?: boolean;
  logLevel: LogLevel;
  /** Null: nothing is traced. Default. */
  tracing?: TracingSettings | null;
};

/** What a worker thread finds in its `workerData`; `leaseEnd` is the buffer of a LeaseEnd, `port` the way to its host. */
export type WorkerData = { settings: WorkerSettings; leaseEnd: SharedArrayBuffer; port: MessagePort };

/** Names one attempt: a run may be claimed again before its lost attempt has ended. */
export type AttemptKey = string;

/** An abort reason; a message would lose its class. */
export type AbortMessage =
  | { kind: 'superseded'; by: string; action: CancelAction }
  | { kind: 'cancelled'; action: CancelAction }
  | { kind: 'other'; message: string };

export type ToWorker =
  /** `ticket`: the buffer of a BeginTicket, which the worker takes before it begins; null when nobody else can. */
  | { type: 'start'; key: AttemptKey; run: ClaimedRun; ticket: SharedArrayBuffer | null }
  | { type: 'abort'; key: AttemptKey; reason: AbortMessage }
  /** Stop at the next superstep. */
  | { type: 'drain'; key: AttemptKey }
  /** Asks for a `pong`; a worker with a blocked event loop does not answer. */
  | { type: 'ping' }
  /** The last message: asks for `finished` when the traces of the runs are sent. */
  | { type: 'finish' };

export type FromWorker =
  /** The import of a graph begins, or has ended: between them it may block the worker. */
  | { type: 'loading' | 'loaded'; graphId: string }
  /** All imports have ended. */
  | { type: 'ready' }
  | { type: 'pong' }
  | { type: 'finished' }
  /** What the worker itself knows of. */
  | { type: 'met'; event: WorkerEvent }
  | { type: 'began'; key: AttemptKey }
  | { type: 'ended'; key: AttemptKey; outcome: Outcome };

/** To a worker thread, from the process that it is in. */
export type ToThread =
  | ToWorker
  /** Asks for `collected` when all garbage is collected. */
  | { type: 'collect' }
  | CacheAnswer;

/** `usedBytes`: of its heap. */
export type FromThread = FromWorker | CacheRequest | { type: 'collected'; usedBytes: number };

/** To a process that executes one run. */
export type ToProcess =
  | ToWorker
  | CacheAnswer
  /** The first message. `silenceMs`: see `alive`. */
  | { type: 'open'; settings: WorkerSettings; memoryMb: number; roomMb: number; silenceMs: number }
  /** The service is there, and holds its lease until then: without a message for `silenceMs` the process ends. */
  | { type: 'alive'; leaseEnd: LeaseEndTime };

export type FromProcess = FromWorker | CacheRequest | { type: 'crashed'; message: string };
