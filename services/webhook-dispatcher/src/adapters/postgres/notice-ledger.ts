import { onDatabase } from '@runlane/log-ledger';
import { query } from '@runlane/postgres';
import type { Pool } from 'pg';
import type { NoticeLedger, NoticeState } from '../../app/tell-notices.ts';
import { sql } from './statements.ts';

/** What operators are to be told, as the ledger has it. */
export function createNoticeLedger(pool: Pool): NoticeLedger {
  return {
    claim: async (pauseMs, limit) => {
      const rows = await onDatabase(() =>
        query<{
          origin: string;
          url_hash: string;
          state: NoticeState;
          because: string | null;
          changed_at: Date;
          change_count: bigint;
        }>(pool, sql.claimNotices, [pauseMs, limit]),
      );
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
      const columns = [
        notices.map(({ origin }) => origin),
        notices.map(({ urlHash }) => urlHash),
        notices.map(({ state }) => state),
      ];
      await onDatabase(() => query(pool, sql.noteTold, columns));
    },
  };
}
