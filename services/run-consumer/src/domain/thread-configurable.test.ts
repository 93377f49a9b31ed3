import { expect, test } from 'vitest';
import { requestAt } from './factories.fixture.ts';
import { requestOnThread } from './thread-configurable.ts';

const { request } = requestAt(1, {
  config: { tags: ['t'], configurable: { a: 'assistant', b: 'assistant', c: 'run' } },
});

test("the assistant's is beneath the thread's, which is beneath the run's own", () => {
  const merged = requestOnThread(request, {
    own: { c: 'run' },
    assistant: { a: 'assistant', b: 'assistant' },
    thread: { b: 'thread', c: 'thread' },
  });
  expect(merged.config).toEqual({
    tags: ['t'],
    recursion_limit: null,
    configurable: { a: 'assistant', b: 'thread', c: 'run' },
  });
});

test('on a thread without a configurable a request stays as it is', () => {
  expect(requestOnThread(request, { own: null, assistant: null, thread: null })).toBe(request);
});
