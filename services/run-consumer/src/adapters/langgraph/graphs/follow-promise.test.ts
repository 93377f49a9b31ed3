/**
 * Watching a promise changes nothing: an error keeps its async callers in the stack, and stays unhandled if nobody
 * handles it.
 */
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { followPromise } from './follow-promise.ts';
import { NodeWatch, watchParts } from './node-watch.ts';
import { WorkflowTasks } from './workflow-task.ts';

const watch = new NodeWatch(new WorkflowTasks(() => true, Function.prototype as () => void));
const task = {
  extra: {
    [Symbol.for('lc:child_config')]: {
      metadata: { langgraph_path: ['__pregel_push', [], 0, true] },
      configurable: { __pregel_task_id: 'one' },
    },
  },
};
class Part {
  lc_runnable = true;
  async invoke(): Promise<void> {
    await fails();
  }
}
async function fails(): Promise<void> {
  await setImmediate();
  throw new Error('told');
}
const part = new Part();
watchParts(part);

test.each<[string, () => unknown]>([
  ['a function of a node', () => watch.enter({}, fails)],
  ['a task of a workflow', () => watch.enter(task, fails)],
  ['a part of a graph', () => watch.during(() => part.invoke())],
])('an error in %s tells who has called it', async (_kind, enter) => {
  async function theCaller(): Promise<void> {
    await enter();
  }
  const error: unknown = await theCaller().catch((thrown: unknown) => thrown);
  // A mapped stack leaves out that the call was async.
  expect(error).toMatchObject({ message: 'told', stack: expect.stringMatching(/at (async )?theCaller /) as string });
});

test('values, errors and what is no promise come through, and their end is reported once', async () => {
  const ends: string[] = [];
  const error = new Error('thrown');
  expect(followPromise('plain', () => ends.push('plain'))).toBe('plain');
  await expect(followPromise(Promise.resolve('value'), () => ends.push('value'))).resolves.toBe('value');
  await expect(followPromise(Promise.reject(error), () => ends.push('error'))).rejects.toBe(error);
  expect(ends).toEqual(['value', 'error']);
});

test('a promise of another class stays the same object', async () => {
  class Cancellable extends Promise<string> {
    cancel = (): string => 'cancelled';
  }
  const promise = Cancellable.resolve('value');
  const ended = Promise.withResolvers<string>();
  expect(followPromise(promise, () => ended.resolve('ended'))).toBe(promise);
  await expect(ended.promise).resolves.toBe('ended');
});
