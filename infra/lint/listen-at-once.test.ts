import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const late = 'await expect(run).rejects.toThrow();';
const CASES: Record<string, { code: string; isFound: boolean }> = {
  'after another await': { code: `const run = begin(); await other(); ${late}`, isFound: true },
  'one of a list': {
    code: 'const runs = [begin()]; await other(); await expect(runs[0]).rejects.toThrow();',
    isFound: true,
  },
  'at once': { code: `const run = begin(); ${late} await other(); ${late}`, isFound: false },
  'after an await of another function': {
    code: `const run = begin(async () => { await other(); }); ${late}`,
    isFound: false,
  },
  'with a listener from the beginning': {
    code: `const run = begin(); run.catch(() => undefined); await other(); ${late}`,
    isFound: false,
  },
};

test('the linter finds a promise that may reject before the test listens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runlane-lint-'));
  try {
    const config = {
      jsPlugins: [join(import.meta.dirname, 'listen-at-once.ts')],
      rules: { 'runlane/listen-at-once': 'error' },
    };
    writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify(config));
    for (const [name, { code }] of Object.entries(CASES)) {
      writeFileSync(join(folder, `${name}.test.ts`), `test('it', async () => { ${code} });`);
    }
    const { stdout } = spawnSync('oxlint', ['--format=unix'], { cwd: folder, encoding: 'utf8' });
    const found = [...stdout.matchAll(/^(.*)\.test\.ts:.*listen-at-once/gm)].map(([, name]) => name);
    const expected = Object.keys(CASES).filter((name) => CASES[name]?.isFound);
    expect(found.toSorted()).toEqual(expected.toSorted());
  } finally {
    rmSync(folder, { recursive: true });
  }
});
