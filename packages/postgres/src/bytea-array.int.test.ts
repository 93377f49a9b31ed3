/** Real Postgres; reading happens in a process of its own. Decides: the values, and the memory that the process took. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { recordingLogger } from './own-database.fixture.ts';
import { createPool } from './pool.ts';

const MIB = 2 ** 20;
const READER = fileURLToPath(new URL('bytea-process.fixture.ts', import.meta.url));

test('what the server writes is read as the driver reads it, whatever its output format', async () => {
  const pool = createPool({ url: inject('databaseUrl'), applicationName: 'bytea', logger: recordingLogger().logger });
  const text = String.raw`select array[array['\x00ff'::bytea, ''], array[null::bytea, '{",}"']] as grid, '{}'::bytea[] as none,
    '[0:1]={a,b}'::bytea[] as shifted`;
  const expected = {
    grid: [
      [Buffer.from([0, 255]), Buffer.alloc(0)],
      [null, Buffer.from('{",}"')],
    ],
    none: [],
    shifted: [Buffer.from('a'), Buffer.from('b')],
  };
  const client = await pool.connect();
  for (const output of ['hex', 'escape']) {
    await client.query(`set bytea_output = ${output}`);
    expect((await client.query(text)).rows).toEqual([expected]);
  }
  client.release(true);
  await pool.end();
});

test('a state of 30 MiB is read with a few times its size in memory', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [READER, inject('databaseUrl'), String(30 * MIB)]);
  const { read, grownBytes } = JSON.parse(stdout) as { read: number; grownBytes: number };
  expect(read).toBe(30 * MIB);
  // The message is twice its size, its text as much again, the value once: without garbage five times.
  expect(grownBytes).toBeLessThan(10 * 30 * MIB);
});
