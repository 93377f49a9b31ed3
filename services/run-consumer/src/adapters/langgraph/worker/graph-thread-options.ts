import type { Logger } from '@runlane/service-kit';
import type { GraphHost, HostEvents } from './graph-host.ts';
import type { OnWorkerEvent } from './worker-events.ts';

export type GraphThreadOptions = {
  /** Starts what the graphs execute in. */
  startHost: (events: HostEvents) => GraphHost;
  /** Whether the host shares this process' memory: only then can an attempt that has not begun be taken back. */
  sharesMemory: boolean;
  /** How long the import of a graph may take, in milliseconds. */
  loadLimitMs: number;
  /** Most milliseconds that the other attempts have to their next superstep when one of them is deaf to its abort. */
  drainGraceMs: number;
  /** Whether its graphs send traces; then these are sent before it ends. */
  isTraced: boolean;
  /** The limit of its heap, in MiB. */
  memoryMb: number;
  logger: Logger;
  /** `isActive` has changed. */
  onChange?: () => void;
  onEvent?: OnWorkerEvent | undefined;
  /** Called four times a second with the milliseconds that it took to answer, for which its event loop was busy. */
  onAnswered?: ((afterMs: number) => void) | undefined;
  /** The import of this graph blocks the thread, so the thread is ended. */
  onBlocked?: (graphId: string) => void;
  /** @param crashed whether it ended without being asked to */
  onGone: (crashed: boolean) => void;
};
