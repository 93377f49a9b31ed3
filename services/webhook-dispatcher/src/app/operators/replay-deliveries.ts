/**
 * Purpose   Replays: makes ended deliveries due again, however they ended, page by page and without a limit.
 * Rules     The same webhook-id and body, signed anew. Nothing of it touches the health of an endpoint, except that a
 *           disabled one is enabled again. Order within a run is kept. What becomes dead while it runs is not replayed.
 * Resume    Each page has a cursor, after which another call continues. Due deliveries are left alone, so a repeated page
 *           changes nothing.
 */
import { RunlaneError } from '@runlane/service-kit';
import type { ReplayCursor, ReplayLedger, ReplaySelection } from '../ports.ts';

export type ReplayPage = {
  /** Deliveries of this page. */
  count: number;
  /** Deliveries of all pages of this call so far. */
  total: number;
  /** How many deliveries this call will replay, counted before its first page. */
  expected: bigint;
  /** Where to continue if no further page is seen. */
  cursor: ReplayCursor;
};

export type ReplayOptions = {
  selection: ReplaySelection;
  /** Of an earlier call with the same selection; null to begin. */
  cursor: ReplayCursor | null;
  signal: AbortSignal;
  /** Deliveries per transaction. Default 500. */
  pageSize?: number;
};

/**
 * Yields a page after its commit, until all are replayed.
 *
 * Thrown: RunlaneError `empty_selection` without a condition; RetryableError while the database is away: go on with the
 * last cursor; the signal's reason.
 */
export async function* replayDeliveries(
  ledger: ReplayLedger,
  { selection, cursor, signal, pageSize = 500 }: ReplayOptions,
): AsyncGenerator<ReplayPage> {
  if (Object.values(selection).every((condition) => condition === undefined)) {
    throw new RunlaneError({
      code: 'empty_selection',
      message:
        'Select what to replay: deliveries, a run, an origin, a time range, a state. To replay all, give both states.',
    });
  }
  let at = cursor ?? { afterId: 0n, throughId: await ledger.newestId() };
  const expected = await ledger.count(selection, at);
  let total = 0;
  for (;;) {
    signal.throwIfAborted();
    const ids = await ledger.replayPage(selection, at, pageSize);
    const last = ids.at(-1);
    if (last === undefined) return;
    at = { ...at, afterId: last };
    total += ids.length;
    yield { count: ids.length, total, expected, cursor: at };
  }
}
