/** The two clocks of a process, as a port, so that use cases can be tested at any time of day. */
export type Clock = {
  /** Wall clock: for what people read. It may jump. */
  now(): Date;
  /** Milliseconds since an arbitrary start, never going back: for leases, deadlines and measurements. */
  monotonicMs(): number;
};

/** The clocks of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
