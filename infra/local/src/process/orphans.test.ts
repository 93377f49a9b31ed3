/**
 * Real     A parent process with a Postgres and a Kafka, of which one is frozen; SIGKILL, SIGINT and process.exit().
 * Decides  The process table: whatever ends the parent ends its servers.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { eventually, processesNaming, temporaryDataDir } from '../test-support.ts';

const PARENT = `
  import { processKafka } from ${JSON.stringify(join(import.meta.dirname, 'kafka.ts'))};
  import { processPostgres } from ${JSON.stringify(join(import.meta.dirname, 'postgres.ts'))};
  const [dataDir, servers] = process.argv.slice(1);
  const postgres = await processPostgres({ dataDir });
  if (servers === 'both') await processKafka({ dataDir });
  await postgres.freeze();
  process.on('message', () => process.exit(0));
  console.log('ready');`;

function watchdogOf(parent: number | undefined): number {
  const all = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const line = all
    .split('\n')
    .find((row) => row.endsWith('watchdog.ts') && row.trim().split(/\s+/)[1] === String(parent));
  return Number.parseInt(line ?? '', 10);
}

test.each([
  ['is killed', 'both', 'SIGKILL'],
  ['is interrupted without a handler', 'one', 'SIGINT'],
  ['exits without stopping them, and the watchdog is gone', 'one', 'exit'],
] as const)('no server is left when the parent %s', async (_how, servers, ending) => {
  using data = temporaryDataDir();
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT, data.path, servers], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  using _ = { [Symbol.dispose]: () => parent.kill('SIGKILL') }; // should an expectation fail before the end
  const ended = once(parent, 'exit');
  await once(createInterface({ input: parent.stdout! }), 'line');
  // The parent names the directory as well.
  expect(processesNaming(data.path)).toHaveLength(servers === 'both' ? 3 : 2);

  if (ending === 'exit') {
    process.kill(watchdogOf(parent.pid), 'SIGKILL');
    parent.send('exit');
  } else {
    parent.kill(ending);
  }
  await ended;
  await eventually(() => expect(processesNaming(data.path)).toEqual([]));
});
