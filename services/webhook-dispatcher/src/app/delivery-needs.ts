import type { Logger, Wakeup } from '@runlane/service-kit';
import type { AttemptDependencies, Attempted } from './attempt-delivery.ts';
import type { DeliveryLedger, DueDelivery, SettleResult } from './ports.ts';
import type { SettleQueue } from './settle-attempts.ts';

export type DeliverySettings = {
  /** Requests in flight in this process. */
  maxInFlight: number;
  /** Requests in flight to one site (registrable domain, or address), over all of its origins. */
  siteSlots: number;
  /** Requests under way at one address above which its origins have to wait (AddressGate). */
  addressSlots: number;
  leaseMs: number;
  /** Seconds before attempts 2, 3, …. */
  retrySchedule: readonly number[];
  /** Longest time between two looks for due deliveries without a hint, in milliseconds. */
  pollMs: number;
  /** Bytes of large bodies in memory at once. */
  maxBodyBytes: number;
  /** Requests per second that an origin may be sent at most, by origin. */
  fixedRates: ReadonlyMap<string, number>;
};

export type DeliveryDependencies = AttemptDependencies & {
  ledger: DeliveryLedger;
  settle: SettleQueue;
  /** Identifies this process's leases. */
  owner: string;
  /** Wakes the loop when deliveries may be due. */
  due: Wakeup;
  monotonicMs: () => number;
  random: () => number;
  onAttempt: (report: AttemptReport) => void;
  /** A URL has just been disabled. */
  onDisabled: (report: DisabledReport) => void;
  /** Resolves after the milliseconds, or earlier when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<void>;
  logger: Logger;
  settings: DeliverySettings;
};

export type AttemptReport = {
  delivery: DueDelivery;
  origin: string;
  attempted: Attempted;
  settled: SettleResult;
  /** Milliseconds from the answer to the commit. */
  settleWaitMs: number;
  /** Milliseconds until it is tried again; null when it is not. */
  retryAfterMs: number | null;
};

export type DisabledReport = { origin: string; urlHash: string; because: 'asked' | 'gone' | 'failing' };
