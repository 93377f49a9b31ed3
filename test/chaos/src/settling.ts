/** Waits until everything has ended. Runlane's own tables are asked whether it has, and judged by nobody. */
import { groupNames } from '@runlane/contracts';
import { eventually, patiently } from '@runlane/testkit';
import type { WebhookWorld } from '../../e2e/src/webhooks/webhook-world.ts';
import { SILENT_PATH } from './history.ts';

/** How long everything may take to end, in milliseconds, on a quiet machine, although something changes all the time. */
const SETTLE_IN_ALL_MS = 240_000;

type Settling = { world: WebhookWorld; deadlineMs: number; casualties: () => string[] };

/** Waits until no work is left, of all runs or of those that are not stuck. Resolves with what is left after that, or null. */
export async function unsettled(
  whose: 'others' | 'all',
  { world, deadlineMs, casualties }: Settling,
): Promise<string | null> {
  let left: Record<string, number> = {};
  let changedMs = performance.now();
  // A busy machine is slow, and that is no finding: as long as events come, something goes on.
  const isStalled = () => performance.now() - changedMs > patiently(deadlineMs);
  try {
    const end = await eventually(
      async () => {
        const { rows } = await world.world.pool.query<Record<string, number>>(
          `select
             (select count(*) from runlane.runs
              where status in ('pending', 'running') and ($1 or thread_id not like 'stuck-%'))::integer as runs,
             (select count(*) from runlane.outbox where published_at is null)::integer as events,
             (select count(*) from runlane.outbox)::integer as told,
             (select count(*) from runlane.dead_letters)::integer as dead_letters,
             (select count(*) from webhooks.deliveries where state = 'due' and run_id in (
               select run_id from runlane.runs where request->>'webhook' like 'http://127.0.0.1:%'
                 and request->>'webhook' not like '%${SILENT_PATH}/%'
             ))::integer as deliveries`,
          [whose === 'all'],
        );
        const now: Record<string, number> = { ...rows[0], unread: (await isRead(world)) ? 0 : 1 };
        if (JSON.stringify(now) !== JSON.stringify(left)) changedMs = performance.now();
        left = now;
        const { told: _, ...open } = now;
        return Object.values(open).every((count) => count === 0) ? 'settled' : isStalled() && 'stalled';
      },
      {
        what: 'everything has ended',
        deadlineMs: SETTLE_IN_ALL_MS,
        everyMs: 500,
        seen: () => ({ left, casualties: casualties() }),
      },
    );
    if (end === 'settled') return null;
    return `Nothing has changed for ${patiently(deadlineMs)} ms: ${JSON.stringify({ left, casualties: casualties() })}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function isRead(world: WebhookWorld): Promise<boolean> {
  const { topics, prefix } = world.world;
  const dispatchers = groupNames(prefix).webhookDispatcher;
  return (await world.world.hasReadAllRequests()) && (await world.world.hasReadAll(dispatchers, topics.status));
}
