import type { Database } from '@runlane/postgres';
import { selectServedGraphs } from '../served-graphs.ts';
import { sql } from '../statements.ts';

/** What the processes of a deployment have told their ledger. */
export type DeploymentStanding = {
  /** Those that execute runs. */
  hosts: string[];
  /** Graphs that some process has executed in the last days. */
  servedGraphs: string[];
  /** False: the ledger was restored or failed over, and no process has noted it yet. */
  isOriginal: boolean;
};

export function createDeploymentReading(database: Database): { standing(): Promise<DeploymentStanding> } {
  return {
    async standing() {
      const [row] = await database.query<{ hosts: string[]; is_original: boolean }>(sql.selectDeployment);
      const servedGraphs = await database.run(selectServedGraphs);
      return { hosts: row?.hosts ?? [], servedGraphs, isOriginal: row?.is_original ?? false };
    },
  };
}
