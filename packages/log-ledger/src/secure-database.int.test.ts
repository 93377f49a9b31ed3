/**
 * A server with TLS, and a password that changes. Real: a server of this file's own, and its certificates. Decides:
 * what a pool reads, and the message of a refusal.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startPostgres } from '@runlane/local';
import type { LocalPostgres } from '@runlane/local';
import { certificateMaker, eventually, silentLogger } from '@runlane/testkit';
import type { Certificate } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPool, waitForDatabase } from '@runlane/postgres';
import type { DatabaseUrl } from '@runlane/postgres';

const directory = mkdtempSync(join(tmpdir(), 'runlane-secure-postgres-'));
const authorityFile = join(directory, 'ca.crt');
let postgres: LocalPostgres;
let expired: Certificate;

beforeAll(async () => {
  using certificates = certificateMaker();
  const authority = certificates.issue({});
  const server = certificates.issue({ issuer: authority, names: 'DNS:localhost' });
  expired = certificates.issue({ issuer: authority, names: 'DNS:localhost', days: [-20, -10] });
  writeFileSync(authorityFile, authority.cert);
  postgres = await startPostgres({ dataDir: join(directory, 'data'), env: { ...process.env, DATABASE_URL: '' } });
  const pool = createPool({ url: postgres.url, applicationName: 'set-up', logger: silentLogger });
  await giveToServer(pool, server);
  await pool.query('alter system set ssl = on');
  await pool.query('select pg_reload_conf()');
  await eventually(async () => (await pool.query<{ ssl: string }>('show ssl')).rows[0]?.ssl === 'on', {
    what: 'the server speaks TLS',
  });
  await pool.end();
});
afterAll(async () => {
  await postgres.stop();
  removeLocalData(join(directory, 'data'));
  rmSync(directory, { recursive: true, force: true });
});

/** The server keeps its key from others, so it has to write it itself. */
async function giveToServer(pool: ReturnType<typeof createPool>, { key, cert }: Certificate): Promise<void> {
  for (const [file, text] of [
    ['server.key', key],
    ['server.crt', cert],
  ] as const) {
    const lines = text
      .trim()
      .split('\n')
      .map((line) => `('${line}')`)
      .join(',');
    await pool.query(`copy (values ${lines}) to program 'umask 077 && cat > ${file}'`);
  }
}

/** The server's URL with these parameters and this host. */
function urlWith(parameters: Record<string, string>, host = 'localhost'): string {
  const url = new URL(postgres.url);
  url.hostname = host;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Whether the connection is encrypted, once the database has let us in. */
async function connect(url: DatabaseUrl): Promise<boolean | undefined> {
  const pool = createPool({ url, applicationName: 'secure', logger: silentLogger });
  try {
    await waitForDatabase(pool, { signal: new AbortController().signal, logger: silentLogger });
    const sessions = await pool.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    return sessions.rows[0]?.ssl;
  } finally {
    await pool.end();
  }
}

test('a certificate is verified with the private authority that the URL names', async () => {
  expect(await connect(urlWith({ sslmode: 'verify-full', sslrootcert: authorityFile }))).toBe(true);
});

describe('a refusal says what to change when', () => {
  const trusted = { sslmode: 'verify-full', sslrootcert: authorityFile };
  test.each([
    ['the authority is not known', () => urlWith({ sslmode: 'require' }), /sslrootcert=.* NODE_EXTRA_CA_CERTS/],
    ['the name is another', () => urlWith(trusted, '127.0.0.1'), /other names than the host of DATABASE_URL/],
    [
      'the password is wrong',
      () => wrongPassword(urlWith(trusted)),
      /password in DATABASE_URL is not that of its user/,
    ],
  ])('%s', async (_what, url, advice) => {
    await expect(connect(url())).rejects.toMatchObject({
      code: 'database_refused',
      message: expect.stringMatching(advice),
    });
  });
});

test('new connections use the password of the file as it is then', async () => {
  const user = `rotating_${randomUUID().slice(0, 8)}`;
  const admin = createPool({ url: postgres.url, applicationName: 'admin', logger: silentLogger });
  await admin.query(`create role ${user} login password 'first'`);
  let password = 'first';
  const pool = createPool({
    url: () => {
      const url = new URL(urlWith({ sslmode: 'verify-full', sslrootcert: authorityFile }));
      url.username = user;
      url.password = password;
      return url.href;
    },
    applicationName: 'rotating',
    logger: silentLogger,
  });
  await pool.query('select 1');
  await admin.query(`alter role ${user} password 'second'`);
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [user]);
  await eventually(() => pool.totalCount === 0, { what: 'the pool has noticed' });

  await expect(pool.query('select 1')).rejects.toMatchObject({ code: '28P01' });
  password = 'second';
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);

  await Promise.all([pool.end(), admin.end()]);
});

// Last, because the server keeps it.
test('an expired certificate is reported with its variable', async () => {
  const pool = createPool({ url: postgres.url, applicationName: 'set-up', logger: silentLogger });
  await giveToServer(pool, expired);
  await pool.query('select pg_reload_conf()');
  await pool.end();
  const url = urlWith({ sslmode: 'verify-full', sslrootcert: authorityFile });
  const refusal = await eventually(
    () =>
      connect(url).then(
        () => null,
        (error: unknown) => error,
      ),
    { what: 'the server shows its new certificate' },
  );
  expect(refusal).toMatchObject({
    code: 'database_refused',
    message: expect.stringMatching(/server that DATABASE_URL names has expired/),
  });
});

function wrongPassword(text: string): string {
  const url = new URL(text);
  url.password = 'wrong';
  return url.href;
}
