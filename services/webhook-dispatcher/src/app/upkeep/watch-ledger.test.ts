/** Rounds of watching, and their metrics. Doubled: the ledger. */
import { eventually, silentLogger } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { createDispatcherMetrics } from '../../metrics.ts';
import { watchUntil } from './watch-ledger.ts';
import type { LedgerAudit } from './watch-ledger.ts';

const GAP = /^runlane_webhook_ledger_gap(\{.*\})? 0$/m;
const DEAD = /^runlane_webhook_deliveries\{state="dead",reason="gone".*\} 2$/m;
const COUNTS = { offsets: 1, withoutTarget: 0, repeats: 0, delivered: 1, due: 0, parked: 0, dead: 0 };
const ACCOUNT = { partition: 0, position: 0n, ...COUNTS, quarantined: 0, pruned: 0, lost: 0, gap: 0 };

test('an audit that fails removes its own numbers, and leaves those of the ages', async () => {
  const metrics = createDispatcherMetrics();
  const stop = new AbortController();
  let isLarge = false;
  let ages = 0;
  const ledger: LedgerAudit = {
    audit: async () => {
      if (isLarge) throw new Error('canceling statement due to statement timeout');
      return [ACCOUNT];
    },
    watch: async () => ({
      oldestDueSeconds: 0,
      oldestServedDueSeconds: (ages += 1),
      oldestLeaseSeconds: 0,
      openBreakerCount: 0,
      disabledEndpointCount: 0,
    }),
    deadByReason: async () => new Map([['gone', 2]]),
  };
  const watching = watchUntil(stop.signal, {
    ledger,
    everyMs: 1,
    monotonicMs: () => performance.now(),
    onReading: (reading) => metrics.setReading(reading),
    onUnread: (of) => metrics.forgetReading(of),
    logger: silentLogger,
  });
  const shown = (line: RegExp) =>
    eventually(async () => line.exec(await metrics.registry.metrics()), { what: `${line} is shown` });
  await shown(GAP);
  await shown(DEAD);

  isLarge = true;
  await eventually(async () => !GAP.test(await metrics.registry.metrics()), { what: 'the gap is not known any more' });
  const seen = ages;
  await eventually(() => ages > seen + 2, { what: 'the ages are read on' });
  const text = await metrics.registry.metrics();
  expect(text).toMatch(/^runlane_webhook_ledger_read_timestamp_seconds\{of="accounts".*\} \d/m);
  expect(text).toMatch(DEAD);
  expect(text).not.toMatch(/state="delivered"/);
  expect(Number(/^runlane_webhook_oldest_served_due_seconds(?:\{.*\})? (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(seen);

  isLarge = false;
  await shown(GAP);
  stop.abort();
  await watching;
});
