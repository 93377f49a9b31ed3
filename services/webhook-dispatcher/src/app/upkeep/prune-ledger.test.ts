/** Rounds of upkeep. Doubled: the ledger. Decides: what was asked of it, and what is logged. */
import { silentLogger } from '@runlane/service-kit/testing';
import { expect, test, vi } from 'vitest';
import { pruneUntil } from './prune-ledger.ts';

test('a task that fails is logged by name, and keeps no other from being done', async () => {
  const warn = vi.spyOn(silentLogger, 'warn');
  const stop = new AbortController();
  const done: string[] = [];
  const work = (what: string) => () => {
    done.push(what);
    return what === 'deliveries' || what === 'stranded' ? Promise.reject(new Error(what)) : Promise.resolve(0);
  };
  await pruneUntil(stop.signal, {
    ledger: {
      mendStranded: work('stranded'),
      pruneDeliveries: work('deliveries'),
      pruneEvents: work('events'),
      pruneNotices: work('notices'),
      pruneQuarantine: work('quarantine'),
      pruneTargets: () => {
        stop.abort();
        return work('targets')();
      },
    },
    ageMs: 1,
    everyMs: 60_000,
    logger: silentLogger,
  });

  expect(done).toEqual(['stranded', 'deliveries', 'events', 'quarantine', 'targets', 'notices']);
  expect(warn.mock.calls.map(([about]) => about)).toEqual([
    expect.objectContaining({ what: 'stranded' }),
    expect.objectContaining({ what: 'deliveries' }),
  ]);
});
