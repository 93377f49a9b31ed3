/**
 * Purpose   Runs one service from start to exit code: the only place that knows process signals and crashes.
 * Owns      The signal handlers, the scope, the stop signal and the hard exit timer.
 * States    starting ─► running ─► draining ─► disposing ─► exit code
 *              └───────────┴── crash or stop ──────▲          crash: no drain
 * L1        The stop signal aborts before anything is drained or disposed; it aborts once, with ShuttingDown.
 * L2        Everything acquired is released, last in first out, whatever failed before.
 * L3        It always ends: what outlives drainGraceMs is abandoned, what outlives disposeGraceMs more is cut by exit(1).
 * L4        Further signals are the same request. A crash while stopping skips the rest of the drain, and exits with 1.
 */
import { ShuttingDown } from '../abort-reasons.ts';
import { Endings } from './endings.ts';
import type { ProcessEvents } from './endings.ts';
import type { Logger } from '../logger.ts';
import { Scope } from './scope.ts';

/** What a started service hands to {@link runService}. */
export type RunningService = {
  /** Parts that run for ever: the first one to reject (or, against its type, to resolve) takes the process down. */
  failed: readonly Promise<never>[];
  /**
   * Finishes what was taken, after the stop signal aborted. `deadlineMs` is how many milliseconds it has; what is then
   * still under way must be given up with `ShuttingDown` by the service itself.
   */
  drain?: (deadlineMs: number) => Promise<void>;
};

export type RunServiceOptions = {
  logger: Logger;
  /**
   * Acquires everything, registering it in `scope`, and returns when the service works. `signal` aborts with
   * {@link ShuttingDown} as soon as the process shall stop: pass it to every wait and every intake loop.
   */
  start: (scope: Scope, signal: AbortSignal) => Promise<RunningService>;
  /** Milliseconds a drain may take (RUNLANE_DRAIN_GRACE_SECONDS). */
  drainGraceMs: number;
  /** Milliseconds for letting go of everything after the drain, before the hard exit. Default 10 000. */
  disposeGraceMs?: number;
  /** Default: `process`. */
  events?: ProcessEvents;
  /** Called by the hard exit timer only. Default: `process.exit`. */
  exit?: (code: number) => void;
};

const DEFAULT_DISPOSE_GRACE_MS = 10_000;
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Runs a service until it is asked to stop or crashes, and returns the exit code: 0 after a stop, 1 after a crash or a
 * failed release. The caller then ends the process with it, because a leaked handle must not keep it alive.
 */
export async function runService(options: RunServiceOptions): Promise<number> {
  const { logger, drainGraceMs } = options;
  const disposeGraceMs = options.disposeGraceMs ?? DEFAULT_DISPOSE_GRACE_MS;
  const scope = new Scope(logger);
  const stopping = new AbortController();
  using endings = new Endings(options.events ?? process, logger);
  using timers = new DisposableStack();
  // Without any handle, between two reconnects for example, Node would end the process in the middle of its work.
  timers.adopt(
    setInterval(() => undefined, LONGEST_TIMER_MS),
    clearInterval,
  );

  const startup = (async () => options.start(scope, stopping.signal))();
  startup.then(
    (service) => watchParts(service, endings),
    (error: unknown) => endings.crash('start', error),
  );
  const ending = await endings.first;

  const endingAtMs = performance.now();
  const hardExitMs = disposeGraceMs + (ending.kind === 'stop' ? drainGraceMs : 0);
  timers.adopt(setTimeout(forceExit, hardExitMs, options, scope), clearTimeout);
  stopping.abort(new ShuttingDown(ending.because));
  if (ending.kind === 'stop') await drainWithin(drainGraceMs, startup, endings, logger);

  const isReleased = await releaseAll(scope, logger);
  const exitCode = endings.hasCrashed || !isReleased ? 1 : 0;
  const tookMs = Math.round(performance.now() - endingAtMs);
  logger.info({ because: ending.because, exit_code: exitCode, took_ms: tookMs }, 'service.stopped');
  return exitCode;
}

function watchParts(service: RunningService, endings: Endings): void {
  for (const part of service.failed) {
    part.then(
      () => endings.crash('part', new Error('A part of the service that runs for ever has ended.')),
      (error: unknown) => endings.crash('part', error),
    );
  }
}

/** A service that is still starting gets the grace too: its start sees the stop signal, and what it began is drained. */
async function drainWithin(
  graceMs: number,
  startup: Promise<RunningService>,
  endings: Endings,
  logger: Logger,
): Promise<void> {
  const startedAtMs = performance.now();
  const elapsedMs = (): number => Math.round(performance.now() - startedAtMs);
  const drain = async (service: RunningService): Promise<'drained' | 'failed'> => {
    try {
      await service.drain?.(Math.max(0, graceMs - elapsedMs()));
      return 'drained';
    } catch (error) {
      endings.crash('drain', error);
      return 'failed';
    }
  };
  const drained = startup.then(drain, () => 'never_started' as const);
  using timers = new DisposableStack();
  const late = Promise.withResolvers<'late'>();
  timers.adopt(
    setTimeout(() => late.resolve('late'), Math.min(graceMs, LONGEST_TIMER_MS)),
    clearTimeout,
  );

  const outcome = await Promise.race([drained, late.promise, endings.crashed.then(() => 'crashed' as const)]);
  const level = outcome === 'drained' || outcome === 'never_started' ? 'info' : 'warn';
  logger[level]({ outcome, took_ms: elapsedMs(), grace_ms: graceMs }, 'service.drained');
}

async function releaseAll(scope: Scope, logger: Logger): Promise<boolean> {
  try {
    await scope.dispose();
    return true;
  } catch (err) {
    logger.error({ err }, 'service.release_failed');
    return false;
  }
}

function forceExit({ logger, exit }: RunServiceOptions, scope: Scope): void {
  logger.fatal({ still_open: scope.open }, 'service.exit_forced');
  if (exit === undefined) process.exit(1);
  exit(1);
}
