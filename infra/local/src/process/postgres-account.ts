import { execFileSync } from 'node:child_process';
import { runTool } from './run-tool.ts';

/** The user that Postgres runs as; empty when it is the current one. */
export type Account = { uid?: number; gid?: number };

/**
 * The current user or, because Postgres refuses to run as root, `postgres` or else `nobody`.
 *
 * Thrown when we are root and the system has neither.
 */
export function postgresAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('Postgres does not run as root, and there is no user postgres or nobody. Run as an ordinary user.');
}

/** Whether the account can run a program, which it cannot below a directory that is closed to it. */
export async function canRun(file: string, args: string[], account: Account): Promise<boolean> {
  try {
    await runTool(file, args, { ...account, cwd: '/', env: { PATH: process.env['PATH'] } });
    return true;
  } catch {
    return false;
  }
}

function idOf(flag: string, user: string): number | undefined {
  try {
    const id = Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return id >>> 0; // macOS has nobody = -2
  } catch {
    return undefined;
  }
}
