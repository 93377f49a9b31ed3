/** Every code that is cited is defined. Decides: the problems that are reported. */
import { expect, test } from 'vitest';
import { citationProblems } from './citations.ts';

const law = { path: 'services/DESIGN.md', text: '| **I1** | law | `kept.ts` |\n| **I2** | law | `kept.ts` |' };
const kept = { path: 'services/a/src/kept.ts', text: '// In one transaction (I1, I2).' };

test('a code that is defined may be cited, and the rules of a module have a letter of their own', () => {
  expect(citationProblems([law, kept])).toEqual([]);
  expect(citationProblems([law, kept, { path: 'a.ts', text: ' * P-I9  One at a time.\n const utf16I3 = 1;' }])).toEqual(
    [],
  );
});

test.for([
  ['// I3', 'a.ts:1: cites I3, which services/DESIGN.md does not define. Define or correct it.'],
  ['\n/** (K77) */', 'a.ts:2: cites K77, which packages/kafka/README.md does not define. Define or correct it.'],
  [
    '-- H-D1',
    'a.ts:1: cites H-D1, which services/webhook-dispatcher/src/adapters/http/README.md does not define. Define or correct it.',
  ],
  ['// as fast as B9', 'a.ts:1: cites B9, which test/bench/README.md does not define. Define or correct it.'],
  ['// (design 2.2)', 'a.ts:1: cites a section of a document that is not here. Name the rule instead.'],
])('%j is told', ([text, problem]) => {
  expect(citationProblems([law, kept, { path: 'a.ts', text: text ?? '' }])).toEqual([problem]);
});

test('a document that names a missing file is reported', () => {
  expect(citationProblems([law])).toEqual([
    'services/DESIGN.md:1: names kept.ts, and no file has that name. Correct it.',
    'services/DESIGN.md:2: names kept.ts, and no file has that name. Correct it.',
  ]);
});
