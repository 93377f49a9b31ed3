/**
 * I14: whatever happens in whatever order, every record is accounted for once, and no due delivery is forgotten.
 *
 * Real     Postgres, and every statement of intake, delivery and replay.
 * Doubled  Kafka (records are made up), HTTP (outcomes are drawn), time (it passes when the test says so).
 */
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import type { DueDelivery, LeasedEndpoint } from '../../app/ports.ts';
import { replayDeliveries } from '../../app/operators/replay-deliveries.ts';
import { OUTCOMES, answered } from '../../domain/outcomes.fixture.ts';
import type { Outcome } from '../../domain/delivery.ts';
import { LedgerWorld, targeted } from './ledger-world.fixture.ts';

type Step =
  | { do: 'take in'; events: { run: number; sequence: number; host: number; hasTarget: boolean }[] }
  /** An owner leases and fetches, and holds on to it. */
  | { do: 'fetch'; owner: number }
  /** An owner settles what it has fetched, under whatever fencing token it has. */
  | { do: 'settle'; owner: number; outcomes: Outcome[] }
  | { do: 'release'; owner: number }
  | { do: 'crash'; owner: number }
  | { do: 'end disabled'; owner: number }
  | { do: 'pass time' }
  | { do: 'replay'; host: number };

const OWNERS = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'];
const RUNS = Array.from({ length: 3 }, (_, run) => `00000000-0000-0000-0000-0000000001${run}0`);

const owner = fc.nat({ max: OWNERS.length - 1 });
const event = fc.record({
  run: fc.nat({ max: RUNS.length - 1 }),
  sequence: fc.integer({ min: 1, max: 4 }),
  host: fc.nat({ max: 1 }),
  hasTarget: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('take in' as const),
      events: fc.array(event, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('fetch' as const), owner }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      owner,
      outcomes: fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), owner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), owner }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end disabled' as const), owner }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass time' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replay' as const), host: fc.nat({ max: 1 }) }) },
);

class Owner {
  held: { endpoint: LeasedEndpoint; fetched: DueDelivery[] }[] = [];
}

async function take(world: LedgerWorld, owners: readonly Owner[], what: Step): Promise<void> {
  const held = 'owner' in what ? owners[what.owner] : undefined;
  switch (what.do) {
    case 'take in':
      await world.takeIn(
        what.events.map(({ run, sequence, host, hasTarget }) =>
          hasTarget
            ? targeted({
                eventId: `${run}-${sequence}`,
                runId: RUNS[run] ?? '',
                sequence,
                isTerminal: sequence === 4,
                host: `host${host}.example`,
              })
            : null,
        ),
      );
      return;
    case 'fetch':
      for (const endpoint of await world.lease(OWNERS[what.owner] ?? '')) held?.held.push({ endpoint, fetched: [] });
      for (const one of held?.held ?? []) one.fetched = await world.due(one.endpoint);
      return;
    case 'settle':
      for (const { endpoint, fetched } of held?.held ?? []) {
        const all = fetched.splice(0);
        for (const [index, delivery] of all.entries()) {
          const outcome = what.outcomes[index % what.outcomes.length];
          const hasMore = all.slice(index + 1).some(({ urlHash }) => urlHash === delivery.urlHash);
          if (outcome !== undefined) await world.settle(endpoint, delivery, outcome, hasMore);
        }
      }
      return;
    case 'release':
      for (const { endpoint } of held?.held.splice(0) ?? []) await world.release(endpoint);
      return;
    case 'crash':
      held?.held.splice(0);
      return;
    case 'end disabled':
      for (const { endpoint } of held?.held ?? []) {
        const { rows } = await world.pool.query<{ url_hash: string }>(
          `select url_hash from webhooks.targets where breaker = 'disabled' and endpoint_id = $1`,
          [endpoint.endpointId],
        );
        for (const row of rows) await world.deliveries.endDisabled(endpoint, row.url_hash, 100);
      }
      return;
    case 'pass time':
      await world.passTime();
      return;
    case 'replay': {
      const selection = { origin: `https://host${what.host}.example` };
      const pages = replayDeliveries(world.replays, {
        selection,
        cursor: null,
        signal: AbortSignal.timeout(30_000),
        pageSize: 2,
      });
      for await (const page of pages) {
        if (page.count === 0) throw new Error('A replay yielded a page without deliveries.');
      }
    }
  }
}

test('every record stays accounted for through crashes, lost leases, repeats, replays and any outcomes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using world = await LedgerWorld.create(inject('databaseUrl'));
      const owners = OWNERS.map(() => new Owner());
      for (const what of steps) {
        await take(world, owners, what);
        expect(await world.problems()).toEqual([]);
      }
      // And everything that is due can still be brought to its end.
      for (let round = 0; round < 12; round += 1) {
        await world.passTime();
        const last = new Owner();
        await take(world, [last], { do: 'fetch', owner: 0 });
        await take(world, [last], { do: 'end disabled', owner: 0 });
        await take(world, [last], { do: 'settle', owner: 0, outcomes: [answered(200)] });
        await take(world, [last], { do: 'release', owner: 0 });
      }
      expect(await world.account()).toSatisfy((account) => account === undefined || account.due + account.parked === 0);
      expect(await world.problems()).toEqual([]);
    }),
    { numRuns: 25, endOnFailure: true },
  );
});
