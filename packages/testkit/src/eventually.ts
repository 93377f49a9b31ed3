import { patiently } from './patience.ts';

export type EventuallyOptions = {
  /** What is being waited for, in the error. */
  what: string;
  /** Milliseconds that a quiet machine needs at most; others get more (patience.ts). Default 30 000. */
  deadlineMs?: number;
  /** Milliseconds between two looks. Default 20. */
  everyMs?: number;
  /** Describes the last state for the error. */
  seen?: () => unknown;
};

/**
 * Calls `look` again and again until it gives something other than undefined, null or false, and resolves with that. Rejects
 * when the deadline passes, and immediately when `look` throws.
 */
export async function eventually<T>(
  look: () => Promise<T> | T,
  options: EventuallyOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const { what, everyMs = 20 } = options;
  const deadlineMs = patiently(options.deadlineMs ?? 30_000);
  const endsAtMs = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > endsAtMs) {
      const seen = options.seen === undefined ? '' : ` Seen: ${JSON.stringify(options.seen())?.slice(0, 2_000)}`;
      throw new Error(`Not within ${deadlineMs} ms: ${what}.${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
