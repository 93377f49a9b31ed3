/** Real: promtool. Decides: Prometheus would load the rules, and they fire at the right times. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { prometheusObstacle } from '@runlane/testkit';
import { describe, expect, test } from 'vitest';
import { OBSERVABILITY } from './generated-files.ts';

const obstacle = prometheusObstacle('promtool');
if (obstacle !== null) console.warn(`[skipped] promtool: ${obstacle}`);

const promtool = (...args: string[]) =>
  execFileSync('promtool', args, { cwd: join(OBSERVABILITY, 'prometheus'), stdio: 'pipe' }).toString();

describe.skipIf(obstacle !== null)('promtool', () => {
  test('finds the rules and the configuration well-formed', () => {
    expect(promtool('check', 'rules', 'rules.yaml')).toMatch(/SUCCESS: \d+ rules found/);
    expect(promtool('check', 'config', 'prometheus.yaml')).toContain('is valid prometheus config file syntax');
  });

  test('sees each alarm fire when it should, and only then', () => {
    expect(promtool('test', 'rules', 'rules.test.yaml')).toContain('SUCCESS');
  });
});
