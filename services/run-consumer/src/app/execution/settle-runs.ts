/**
 * Purpose   Ends attempts in the ledger, in groups: see GroupCommit for who waits for whom (I10, I11).
 * I3        A settlement of a run that somebody else owns by now changes nothing and answers `lost`.
 * I10       A settlement whose thread is held is retried alone.
 * I1        An end that the ledger refuses because of its content is settled once more without that content: every run has an end.
 * I11       While settlements wait, their runs stay with this process for as long as nobody takes its lease.
 */
import { GroupCommit } from '@runlane/log-ledger';
import { sqlState } from '@runlane/postgres';
import { runFields } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import type { RunError } from '../../domain/run.ts';
import { endingWithoutOutcome } from '../../domain/settlement.ts';
import type { AttemptSettlement, RunSettlements, SettleResult } from '../ports.ts';

/** Most settlements in one transaction: bounds how long the rows of their threads stay locked. */
const MAX_BATCH = 64;

export type SettleDependencies = {
  settlements: RunSettlements;
  /** Resolves after the given milliseconds. */
  delay: (ms: number) => Promise<void>;
  random: () => number;
  /** Called for each run that fails only because the ledger refuses what it ended with. */
  onUnstorable?: (settlement: AttemptSettlement) => void;
  logger: Logger;
};

export class SettleQueue {
  readonly #commits: GroupCommit<AttemptSettlement, SettleResult>;

  constructor({ settlements, delay, random, onUnstorable, logger }: SettleDependencies) {
    this.#commits = new GroupCommit<AttemptSettlement, SettleResult>({
      write: (group) => settlements.settle(group),
      missing: 'lost',
      maxItems: MAX_BATCH,
      instead: (owned, error) => {
        const replaced = withoutOutcome(owned, error);
        if (replaced !== null && failureOf(owned) === null && failureOf(replaced) !== null) onUnstorable?.(owned);
        return replaced;
      },
      describe: (owned) => ({
        ...runFields(owned),
        graph_id: owned.graphId,
        attempt: owned.attempt,
        ...failureOf(owned),
      }),
      name: 'settlement',
      delay,
      random,
      logger,
    });
  }

  /** Settlements that were asked for and are not decided yet. */
  get unsettledCount(): number {
    return this.#commits.unwrittenCount;
  }

  /** Resolves when the settlement is committed, or lost. Rejects when our own code cannot write it in any form. */
  settle(settlement: AttemptSettlement): Promise<SettleResult> {
    return this.#commits.add(settlement);
  }
}

function withoutOutcome(owned: AttemptSettlement, error: unknown): AttemptSettlement | null {
  const { settlement } = owned;
  return settlement.kind === 'end' ? { ...owned, settlement: endingWithoutOutcome(settlement, causeOf(error)) } : null;
}

/** Why the run fails with this settlement; null when it does not. */
function failureOf({ settlement }: AttemptSettlement): { reason: string | null; error: RunError | undefined } | null {
  if (settlement.kind !== 'end' || settlement.status !== 'error') return null;
  return { reason: settlement.reason, error: settlement.details.error };
}

/** Messages of the database may quote the run. */
function causeOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `SQLSTATE ${state}`;
  return error instanceof RangeError ? 'too large or too deep for JSON' : 'it is no JSON';
}
