/**
 * A Postgres whose disk is full for a while (I11). Real: everything; the disk is a small file system in memory, which
 * only root can mount; without root nothing is tested. Decides: the probes, the ledger and the events.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@runlane/local';
import type { LocalPostgres } from '@runlane/local';
import { eventually } from '@runlane/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { publishLoad } from './fault-load.ts';
import { historyProblems, readHistory } from './fault-oracle.ts';
import { probe, waitsFor } from './fault-probes.ts';
import { World } from '../support/world.ts';

const directory = mkdtempSync(join(tmpdir(), 'runlane-disk-'));
const disk = join(directory, 'disk');
mkdirSync(disk);
// Otherwise the server, which is not root, would have its data elsewhere.
chmodSync(directory, 0o755);
const { status: mountStatus } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=192m', 'runlane-test', disk]);
const isMounted = mountStatus === 0;
if (!isMounted) console.log('A file system of its own cannot be mounted here: nothing is tested about a full disk.');

describe.runIf(isMounted)('while the disk of Postgres is full', () => {
  let postgres: LocalPostgres;
  beforeAll(async () => {
    postgres = await startPostgres({ dataDir: join(disk, 'data'), env: { ...process.env, DATABASE_URL: '' } });
  });
  afterAll(async () => {
    await postgres.stop();
  });

  test('the service is not ready, nothing is lost, and no run spends an attempt', async () => {
    await using world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: postgres.url });
    const events = await world.collectEvents();
    const service = world.runConsumer();
    await service.ready();
    const asked = await publishLoad(world, { runs: 30, threads: 30, ms: 300 });
    await eventually(() => world.sideEffects().length >= 10, { what: 'some graphs execute' });

    const balloon = join(disk, 'balloon');
    const fill = () => {
      const { bavail, bsize } = statfsSync(disk);
      spawnSync('dd', [
        'if=/dev/zero',
        `of=${balloon}`,
        `bs=${bsize}`,
        `count=${bavail}`,
        'oflag=append',
        'conv=notrunc',
      ]);
    };
    fill();
    // What the server gives back, such as files that it had only for a moment, is taken as well.
    const filling = setInterval(fill, 200);
    asked.push(...(await publishLoad(world, { runs: 30, threads: 30 })));
    await waitsFor(service, 'database', /no room to write/);
    await eventually(() => /no room|No space left/.test(JSON.stringify(service.logs)), {
      what: 'the service meets it',
    });
    clearInterval(filling);
    truncateSync(balloon);
    const history = await readHistory(world, events, asked);

    expect(historyProblems(history, asked)).toEqual([]);
    expect(history.ledger.filter(({ attempt }) => attempt !== 1)).toEqual([]);
    await eventually(async () => (await probe(service, '/readyz')).status === 200, {
      what: 'the service is ready again',
    });
  });
});

afterAll(() => {
  if (isMounted) execFileSync('umount', [disk]);
  rmSync(directory, { recursive: true });
});
