import type { Database } from '@runlane/postgres';
import type { NoticeLedger, NoticeState } from '../../app/upkeep/tell-notices.ts';
import { sql } from './statements.ts';

/** Notices for operators, as the ledger has them. */
export function createNoticeLedger(database: Database): NoticeLedger {
  return {
    claim: async (pauseMs, limit) => {
      const rows = await database.query<{
        origin: string;
        url_hash: string;
        state: NoticeState;
        because: string | null;
        changed_at: Date;
        change_count: bigint;
      }>(sql.claimNotices, { pause_ms: pauseMs, limit });
      return rows.map((row) => ({
        origin: row.origin,
        urlHash: row.url_hash,
        state: row.state,
        because: row.because,
        changedAt: row.changed_at,
        changeCount: row.change_count,
      }));
    },
    noteTold: async (notices) => {
      await database.query(sql.noteTold, {
        origins: notices.map(({ origin }) => origin),
        url_hashes: notices.map(({ urlHash }) => urlHash),
        states: notices.map(({ state }) => state),
      });
    },
  };
}
