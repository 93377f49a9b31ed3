import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a log that cannot be written ends no process, and standard error says so once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'runlane-log-'));
  try {
    const file = join(directory, 'log');
    writeFileSync(file, '');
    const entry = fileURLToPath(new URL('./log-output-process.fixture.ts', import.meta.url));
    // A file that is only open for reading takes nothing, like one on a full disk.
    const { status, stderr } = spawnSync(process.execPath, [entry], {
      stdio: ['ignore', openSync(file, 'r'), 'pipe'],
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^fixture: the log cannot be written to standard output, 0 lines are lost: EBADF[^\n]*\n$/);
    expect(status).toBe(3);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
