/** Real: the command as a process. Decides: what it prints and its exit code. No server is started. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

function bench(...args: string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
}

test.each([[['nonsense'], 'There is no bench nonsense.'] as const, [[], 'Name one bench.'] as const])(
  'bench %j lists the benches',
  (args, why) => {
    const { status, stderr, stdout } = bench(...args);

    expect(stderr).toContain(why);
    for (const name of ['throughput', 'latency', 'admission', 'claim', 'interrupt', 'recovery', 'webhooks']) {
      expect(stderr).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(status).toBe(2);
    expect(stdout).toBe('');
  },
);

test('an unknown durability is refused before anything is started', () => {
  const { status, stderr } = bench('latency', '--durability', 'never');

  expect(stderr).toContain('--durability is one of async, sync, exit');
  expect(status).toBe(2);
});
