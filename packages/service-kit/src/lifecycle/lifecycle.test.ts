/**
 * Real: the lifecycle, scope, timers and logger. Doubled: the source of signals and crashes (an
 * EventEmitter) and `process.exit`. Decides: the order of what happened, and the exit code.
 * Real signals to real processes are in lifecycle-process.test.ts.
 */
import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { ShuttingDown } from '../abort-reasons.ts';
import { never, setup, startTwoResources } from './lifecycle.fixture.ts';
import { runService } from './lifecycle.ts';
import { recordingLogger } from '../recording-logger.fixture.ts';

test.each(['SIGTERM', 'SIGINT'])(
  '%s aborts the signal, drains, releases last in first out, and exits with 0',
  async (name) => {
    const { process, happened, started, exitCode, names } = setup(startTwoResources);
    await started;
    process.emit(name, name);
    expect(await exitCode).toBe(0);
    expect(happened).toEqual(['signal aborted', 'drained within 5 s', 'consumer released', 'pool released']);
    expect(names()).toEqual([
      'service.stop_requested',
      'service.drained',
      'scope.released',
      'scope.released',
      'service.stopped',
    ]);
  },
);

test('the signal aborts with ShuttingDown that names the cause', async () => {
  let reason: unknown;
  const { process, started, exitCode } = setup(async (_scope, signal) => {
    signal.addEventListener('abort', () => (reason = signal.reason));
    return { failed: [] };
  });
  await started;
  process.emit('SIGTERM', 'SIGTERM');
  await exitCode;
  expect(reason).toBeInstanceOf(ShuttingDown);
  expect((reason as ShuttingDown).message).toContain('SIGTERM');
});

test('further signals change nothing: there is one abort, one drain, one release', async () => {
  const { process, happened, started, exitCode } = setup(async (scope, _signal, what) => {
    scope.defer('pool', async () => {
      process.emit('SIGINT');
      what.push('pool released');
    });
    return {
      failed: [],
      drain: async () => {
        process.emit('SIGTERM');
        process.emit('SIGINT');
        what.push('drained');
      },
    };
  });
  await started;
  process.emit('SIGTERM');
  process.emit('SIGTERM');
  expect(await exitCode).toBe(0);
  expect(happened).toEqual(['signal aborted', 'drained', 'pool released']);
});

test('a drain that hangs is abandoned after the grace; everything is released', async () => {
  const { process, happened, started, exitCode, logged } = setup(
    async (scope, _signal, what) => {
      scope.defer('pool', () => what.push('pool released'));
      return { failed: [], drain: () => never };
    },
    { drainGraceMs: 50 },
  );
  await started;
  process.emit('SIGTERM');
  expect(await exitCode).toBe(0);
  expect(happened).toEqual(['signal aborted', 'pool released']);
  expect(logged()).toContainEqual(expect.objectContaining({ msg: 'service.drained', outcome: 'late', level: 'warn' }));
});

test('a release that hangs ends in a hard exit that names what is still open', async () => {
  const { process, started, exited, logged } = setup(
    async (scope) => {
      scope.defer('pool', () => undefined);
      scope.defer('consumer', () => never);
      return { failed: [] };
    },
    { drainGraceMs: 20, disposeGraceMs: 30 },
  );
  await started;
  process.emit('SIGTERM');
  expect(await exited).toBe(1);
  expect(logged()).toContainEqual(
    expect.objectContaining({ msg: 'service.exit_forced', level: 'fatal', still_open: ['consumer', 'pool'] }),
  );
});

test('a release that fails is logged, the others happen, and the exit code is 1', async () => {
  const { process, happened, started, exitCode, names } = setup(async (scope, _signal, what) => {
    scope.defer('pool', () => what.push('pool released'));
    scope.defer('consumer', () => Promise.reject(new Error('already gone')));
    return { failed: [] };
  });
  await started;
  process.emit('SIGTERM');
  expect(await exitCode).toBe(1);
  expect(happened).toEqual(['signal aborted', 'pool released']);
  expect(names()).toContain('scope.release_failed');
});

test('a stop while starting ends the start through its signal, with exit code 0', async () => {
  const { process, happened, exitCode } = setup(async (scope, signal, what) => {
    scope.defer('pool', () => what.push('pool released'));
    setImmediate(() => process.emit('SIGTERM'));
    await once(signal, 'abort');
    throw signal.reason;
  });
  expect(await exitCode).toBe(0);
  expect(happened).toEqual(['signal aborted', 'pool released']);
});

test('a start that finishes although it was stopped is drained and released', async () => {
  const { process, happened, exitCode } = setup(async (scope, signal, what) => {
    setImmediate(() => process.emit('SIGTERM'));
    await once(signal, 'abort');
    scope.defer('pool', () => what.push('pool released'));
    return { failed: [], drain: async () => void what.push('drained') };
  });
  expect(await exitCode).toBe(0);
  expect(happened).toEqual(['signal aborted', 'drained', 'pool released']);
});

test('a start that ignores its signal is abandoned after the grace; what it still acquires is released', async () => {
  const lateRelease = Promise.withResolvers<string>();
  const goOn = Promise.withResolvers<void>();
  const { process, exitCode } = setup(
    async (scope) => {
      setImmediate(() => process.emit('SIGTERM'));
      await goOn.promise;
      scope.defer('late pool', () => lateRelease.resolve('released'));
      return { failed: [] };
    },
    { drainGraceMs: 30 },
  );
  expect(await exitCode).toBe(0);
  goOn.resolve();
  expect(await lateRelease.promise).toBe('released');
});

test('starting and stopping two hundred times leaves no listener, timer or handle behind', async () => {
  const process = new EventEmitter();
  const countTimers = (): number =>
    globalThis.process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const timersBefore = countTimers();
  for (let round = 0; round < 200; round += 1) {
    const { logger } = recordingLogger();
    let hasReleased = false;
    const exitCode = await runService({
      logger,
      events: process,
      drainGraceMs: 60_000,
      start: async (scope) => {
        scope.defer('pool', () => (hasReleased = true));
        const moment = round % 3;
        if (moment === 0) process.emit('SIGTERM');
        if (moment === 1) queueMicrotask(() => process.emit('SIGINT'));
        if (moment === 2) setImmediate(() => process.emit('SIGTERM'));
        return { failed: [never], drain: async () => undefined };
      },
    });
    expect(exitCode).toBe(0);
    expect(hasReleased).toBe(true);
    expect(process.eventNames()).toEqual([]);
  }
  expect(countTimers()).toBeLessThanOrEqual(timersBefore);
});
