/** An end that the ledger forgot by a restore may be published once more; any other second end is a finding. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { compareAll } from './findings.ts';
import type { Restored } from './findings.ts';
import type { SeenRun } from './seen.ts';

const RESTORED: Restored = { toMs: 1_000, resumedMs: 2_000 };

/** The kinds of findings about a run that ended once at each of these times, as another event each time. */
function findingsOf(endedAtMs: readonly number[], restored: Restored | null): string[] {
  const ends = new Map(endedAtMs.map((ms) => [randomUUID() as string, ms]));
  const seen: SeenRun = { threadId: 'thread', events: new Map([[3, ends]]), ends, lastAtMs: Math.max(...endedAtMs) };
  const { findings } = compareAll({
    asked: [],
    positions: new Map(),
    ledger: new Map(),
    events: new Map([[randomUUID() as string, seen]]),
    deadLetters: new Set(),
    isShortened: () => false,
    forgottenBefore: new Date(0),
    restored,
  });
  return findings.map(({ finding }) => finding);
}

test.for([
  { what: 'one end', endedAtMs: [500], restored: null, findings: [] },
  { what: 'two ends, and no restore', endedAtMs: [1_500, 2_500], restored: null, findings: ['doubled'] },
  { what: 'an end that was forgotten, and the new one', endedAtMs: [1_500, 2_500], restored: RESTORED, findings: [] },
  { what: 'two ends after the restore', endedAtMs: [1_500, 2_000, 2_500], restored: RESTORED, findings: ['doubled'] },
  { what: 'an end that was restored, and another', endedAtMs: [999, 2_500], restored: RESTORED, findings: ['doubled'] },
])('$what: $findings', ({ endedAtMs, restored, findings }) => {
  expect(findingsOf(endedAtMs, restored)).toEqual(findings);
});
