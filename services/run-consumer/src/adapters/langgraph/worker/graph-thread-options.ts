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
  /** Whether its graphs send traces, which are sent before it ends. */
  isTraced: boolean;
  /** The limit of its heap, in MiB. */
  memoryMb: number;
  logger: Logger;
  /** `isActive` has changed. */
  onChange?: () => void;
  onEvent?: OnWorkerEvent | undefined;
  /** Told four times a second after how many milliseconds it has answered: its event loop was busy for so long. */
  onAnswered?: ((afterMs: number) => void) | undefined;
  /** The import of this graph blocks it, so that it is ended. */
  onBlocked?: (graphId: string) => void;
  /** @param crashed whether it ended by itself */
  onGone: (crashed: boolean) => void;
};
