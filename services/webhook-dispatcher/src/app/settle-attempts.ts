/**
 * Purpose   Writes the results of attempts, in groups: see GroupCommit for who waits for whom (I10).
 * I11       While the database is away results wait; by their fencing tokens they count only if nobody else took over.
 * Order     Results of one endpoint are written in the order of their answers: the health in each includes the earlier ones.
 */
import { GroupCommit } from '@runlane/log-ledger';
import type { Logger } from '@runlane/service-kit';
import type { DeliveryLedger, Settlement, SettleResult } from './ports.ts';

export type SettleDependencies = {
  ledger: Pick<DeliveryLedger, 'settle'>;
  delay: (ms: number) => Promise<unknown>;
  random: () => number;
  logger: Logger;
};

const MAX_BATCH = 500;
/** While one commits, those of other endpoints are written, when they are enough to be worth a commit of their own. */
const BESIDE = { atOnce: 2, fromItems: 32 };
/** A transaction costs as much as the writes of thirty results. Where few come, none waits. */
const GATHER = { items: 64, forMs: 10 };

export class SettleQueue {
  readonly #commits: GroupCommit<Settlement, SettleResult>;

  constructor({ ledger, delay, random, logger }: SettleDependencies) {
    this.#commits = new GroupCommit<Settlement, SettleResult>({
      write: (settlements) => ledger.settle(settlements),
      missing: 'lost',
      maxItems: MAX_BATCH,
      beside: BESIDE,
      gather: GATHER,
      keyOf: ({ endpointId }) => endpointId,
      describe: ({ deliveryId }) => ({ delivery_id: String(deliveryId) }),
      name: 'settle',
      delay,
      random,
      logger,
    });
  }

  /** Resolves when it is committed. Rejects when the settlement itself is wrong, never because the database is away. */
  settle(settlement: Settlement): Promise<SettleResult> {
    return this.#commits.add(settlement);
  }
}
