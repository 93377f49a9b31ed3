import type { DeliveryLedger } from '../app/ports.ts';
import type { Stage } from '../metrics.ts';

/** Told of one call: how long it took, and of how many things it was; not told of one that failed. */
export type ObserveStage = (stage: Stage, seconds: number, count: number) => void;

/** The ledger with the calls timed that deliveries wait for. What a call costs is observed once for all that it was for. */
export function timedLedger(ledger: DeliveryLedger, observe: ObserveStage): DeliveryLedger {
  const timed = async <T>(stage: Stage, call: () => Promise<T>, countOf: (result: T) => number): Promise<T> => {
    const startedMs = performance.now();
    const result = await call();
    observe(stage, (performance.now() - startedMs) / 1_000, countOf(result));
    return result;
  };
  return {
    ...ledger,
    lease: (...about) =>
      timed(
        'lease',
        () => ledger.lease(...about),
        ({ endpoints }) => endpoints.length,
      ),
    due: (...about) =>
      timed(
        'fetch',
        () => ledger.due(...about),
        (targets) => targets.reduce((sum, { deliveries }) => sum + deliveries.length, 0),
      ),
    body: (eventId) =>
      timed(
        'body',
        () => ledger.body(eventId),
        () => 1,
      ),
    settle: (settlements) =>
      timed(
        'settle',
        () => ledger.settle(settlements),
        () => settlements.length,
      ),
    release: (releases) =>
      timed(
        'release',
        () => ledger.release(releases),
        () => releases.length,
      ),
  };
}
