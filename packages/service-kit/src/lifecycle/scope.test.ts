import { expect, test } from 'vitest';
import { Scope } from './scope.ts';
import { recordingLogger } from '../recording-logger.fixture.ts';

test('releases in reverse order, one after the other', async () => {
  const released: string[] = [];
  const scope = new Scope();
  scope.defer('pool', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    released.push('pool');
  });
  scope.defer('consumer', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    released.push('consumer');
  });
  scope.use({ [Symbol.dispose]: () => void released.push('timer') }, 'timer');
  const resource = { [Symbol.asyncDispose]: async () => void released.push('server') };
  expect(scope.use(resource)).toBe(resource);
  expect(scope.open).toEqual(['Object', 'timer', 'consumer', 'pool']);

  await scope.dispose();
  expect(released).toEqual(['server', 'timer', 'consumer', 'pool']);
  expect(scope.open).toEqual([]);
});

test('releases everything although some fail, names the failures in the log, and reports them together', async () => {
  const { logger, events } = recordingLogger();
  const released: string[] = [];
  const scope = new Scope(logger);
  scope.defer('pool', () => void released.push('pool'));
  scope.defer('consumer', () => {
    throw new Error('not connected');
  });
  scope.defer('relay', async () => Promise.reject(new Error('still busy')));
  scope.defer('server', () => void released.push('server'));

  const failure = await scope.dispose().catch((error: unknown) => error);
  expect(released).toEqual(['server', 'pool']);
  expect(failure).toBeInstanceOf(AggregateError);
  expect((failure as Error).message).toBe(
    "Releasing 'relay' failed: still busy Releasing 'consumer' failed: not connected",
  );
  expect(events().map(({ msg, resource }) => [msg, resource].join(' '))).toEqual([
    'scope.released server',
    'scope.release_failed relay',
    'scope.release_failed consumer',
    'scope.released pool',
  ]);
});

test('disposing twice releases once, and both callers wait for the end', async () => {
  let releases = 0;
  let isDone = false;
  const scope = new Scope();
  scope.defer('pool', async () => {
    releases += 1;
    await new Promise((resolve) => setTimeout(resolve, 10));
    isDone = true;
  });
  const first = scope.dispose();
  await scope.dispose();
  expect(isDone).toBe(true);
  await first;
  expect(releases).toBe(1);
});

test('while a release hangs, the resources that are still open are known by name', async () => {
  const scope = new Scope();
  const hang = Promise.withResolvers<void>();
  scope.defer('pool', () => undefined);
  scope.defer('consumer', () => hang.promise);
  scope.defer('server', () => undefined);
  const disposal = scope.dispose();
  await expect.poll(() => scope.open).toEqual(['consumer', 'pool']);
  hang.resolve();
  await disposal;
});

test('a resource that arrives after the disposal is released immediately, and its caller gets an error', async () => {
  const scope = new Scope();
  await scope.dispose();
  const released = Promise.withResolvers<string>();
  expect(() => scope.defer('late pool', () => released.resolve('released'))).toThrow("'late pool' was acquired after");
  expect(await released.promise).toBe('released');
});

test('works with await using', async () => {
  const released: string[] = [];
  {
    await using scope = new Scope();
    scope.defer('pool', () => void released.push('pool'));
  }
  expect(released).toEqual(['pool']);
});
