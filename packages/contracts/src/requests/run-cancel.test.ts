import { describe, expect, it } from 'vitest';
import { parseRunCancel } from '../index.ts';
import { BAD_CANCELS, GOOD_CANCELS } from './run-cancel.examples.ts';

describe('a RunCancel', () => {
  it.each(GOOD_CANCELS)('is read from $json', ({ json, request }) => {
    expect(parseRunCancel(json)).toStrictEqual({ kind: 'ok', request });
  });

  it.each(BAD_CANCELS)('is not read from $json', ({ json, at }) => {
    const verdict = parseRunCancel(json);
    expect(verdict.kind === 'invalid' && verdict.problems[0]).toMatch(new RegExp(`^${at}: `));
  });

  it('says what to send when it names neither a thread nor a run', () => {
    expect(parseRunCancel({})).toEqual({
      kind: 'invalid',
      problems: ['run_id: is missing, and so is thread_id; send thread_id, run_id or both'],
    });
  });
});
