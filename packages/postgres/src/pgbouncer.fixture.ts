import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execute } from './own-database.fixture.ts';

/** PgBouncer's version line, or null where it is not installed. */
export function pgBouncerVersion(): string | null {
  const { error, stdout } = spawnSync('pgbouncer', ['--version'], { encoding: 'utf8' });
  return error === undefined ? (stdout.split('\n')[0] ?? '') : null;
}

export type PgBouncer = AsyncDisposable & { url: string };

/** Starts a PgBouncer in front of the database, with further lines of its configuration. */
export async function startPgBouncer(databaseUrl: string, settings: readonly string[]): Promise<PgBouncer> {
  const upstream = new URL(databaseUrl);
  const directory = mkdtempSync(join(tmpdir(), 'runlane-pgbouncer-'));
  const port = await freePort();
  const login = `user=${upstream.username} password=${decodeURIComponent(upstream.password)}`;
  const lines = [
    '[databases]',
    `* = host=${upstream.hostname} port=${upstream.port} ${login}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    ...settings,
  ];
  const file = join(directory, 'pgbouncer.ini');
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(directory, 0o755);
  // It refuses to be root.
  const account = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn('pgbouncer', [...account, file], { stdio: 'ignore' });
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  await untilAnswers(url.href);
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(directory, { recursive: true });
    },
  };
}

async function untilAnswers(url: string): Promise<void> {
  const endsAtMs = performance.now() + 30_000;
  for (;;) {
    try {
      await execute(url, 'select 1');
      return;
    } catch (error) {
      if (performance.now() > endsAtMs) throw error;
      await sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
