/**
 * Purpose   Stops the work of a process whose schema a newer version has changed so that this one must not write any more.
 * Notices   By a look at the applied migrations on a timer: no statement of the work pays for it. What the process writes
 *           between the migration and that look is refused by the schema, or harmless: whoever writes the migration sees to it.
 * Stops     As at a shutdown: intake ends, what is in hand is finished or handed back. What cannot be, because the schema
 *           refuses it, is let go of: its lease runs out, and a newer process takes it (I1).
 * I11       The process stays, not ready, and logs that: a restart would not help. When the schema fits again, for example
 *           after a restore, a restart helps, and the process ends.
 */
import { describeOutdated, listMigrations, readApplied, standingOf } from '@runlane/postgres';
import type { SchemaStanding } from '@runlane/postgres';
import { RunlaneError, ShuttingDown, failureOf, isAbort, waitOrAbort } from '@runlane/service-kit';
import type { Logger, RunningService } from '@runlane/service-kit';
import type { Pool } from 'pg';
import { fileURLToPath } from 'node:url';

export type SchemaGuardOptions = {
  pool: Pool;
  schema: string;
  /** Folder of the migrations that this program knows. */
  directory: URL;
  /** Milliseconds between two looks; a part of a lease. */
  everyMs: number;
  /** How long the current work may take to end after the schema has changed, in milliseconds. */
  drainMs: number;
  /** The process is asked to stop. */
  signal: AbortSignal;
  /** Called after every successful look: 1 while the process is too old for the schema, and stopped. */
  onOutdated: (isOutdated: 0 | 1) => void;
  logger: Logger;
};

/** What the guard stops. `drain` is called once, by the guard or at the end of the process, whichever comes first. */
export type GuardedService = {
  failed: readonly Promise<never>[];
  drain: () => Promise<void>;
  /** Ends what keeps leases alive, for when `drain` did not end. */
  letGo: () => void;
};

/** How often the same message is logged again, in milliseconds. */
const SAY_AGAIN_MS = 60_000;
const OUTDATED_ADVICE =
  'Replace this process by one of the newer version. It admits nothing and writes nothing, and nothing is lost.';
const BEHIND_ADVICE =
  'The database was restored to a time before an upgrade. Restart the processes after the restore: they bring it up to date.';

export class SchemaGuard {
  readonly #options: SchemaGuardOptions;
  readonly #halting = new AbortController();
  readonly #work: AbortSignal;
  #problem: string | null = null;
  #draining: Promise<void> | null = null;
  #said: { kind: string; atMs: number } | null = null;

  constructor(options: SchemaGuardOptions) {
    this.#options = options;
    this.#work = AbortSignal.any([options.signal, this.#halting.signal]);
  }

  /** Aborts when the process takes nothing more on: when it is asked to stop, or too old for the schema. */
  get work(): AbortSignal {
    return this.#work;
  }

  /** What is wrong, for /readyz. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Starts to look, until the process is asked to stop. */
  guard(service: GuardedService): RunningService {
    const drain = () => (this.#draining ??= service.drain());
    const watching = this.#watch(service, drain);
    const failures = [...service.failed, failureOf(watching)];
    return { failed: failures.map((failure) => this.#withoutEcho(failure)), drain };
  }

  async #watch(service: GuardedService, drain: () => Promise<void>): Promise<void> {
    const { signal, everyMs, pool, schema, directory, logger } = this.#options;
    const known = await listMigrations(fileURLToPath(directory));
    while (!signal.aborted) {
      await waitOrAbort(everyMs, signal);
      if (signal.aborted) return;
      try {
        const standing = standingOf(known, await readApplied(pool, schema));
        if (signal.aborted) return;
        this.#judge(standing);
      } catch (error) {
        if (error instanceof RunlaneError) throw error;
        // The database is away, which others say.
        logger.debug({ err: error }, 'schema.not_read');
      }
      if (this.#halting.signal.aborted && this.#draining === null) await this.#halt(service, drain);
    }
  }

  #judge(standing: SchemaStanding): void {
    const { schema, onOutdated } = this.#options;
    if (standing.kind === 'outdated') {
      this.#problem = describeOutdated(schema, standing);
      onOutdated(1);
      this.#say(standing.kind, OUTDATED_ADVICE);
      this.#halting.abort(new ShuttingDown('the schema is of a newer version'));
      return;
    }
    if (this.#halting.signal.aborted) {
      throw new RunlaneError({
        code: 'schema_fits_again',
        message: `The schema ${schema} is again one for this version: the process ends, to be started again.`,
      });
    }
    onOutdated(0);
    this.#problem =
      standing.kind === 'current' ? null : `The schema ${schema} lacks migrations: ${standing.missing.join(', ')}.`;
    if (standing.kind === 'current') this.#said = null;
    else this.#say(standing.kind, BEHIND_ADVICE);
  }

  #say(kind: 'outdated' | 'behind', advice: string): void {
    const nowMs = performance.now();
    if (this.#said?.kind === kind && nowMs - this.#said.atMs < SAY_AGAIN_MS) return;
    this.#said = { kind, atMs: nowMs };
    this.#options.logger.error({ problem: this.#problem, advice }, `schema.${kind}`);
  }

  async #halt({ letGo }: GuardedService, drain: () => Promise<void>): Promise<void> {
    const { drainMs, logger } = this.#options;
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), drainMs);
    const ended = await Promise.race([drain().then(() => 'drained' as const), late.promise]);
    clearTimeout(timer);
    if (ended === 'late') {
      letGo();
      this.#draining = Promise.resolve();
      logger.error({ grace_ms: drainMs }, 'schema.work_let_go');
    } else {
      logger.info('schema.work_ended');
    }
  }

  /** Loops that end as they were told to, with the reason, are no failures. */
  #withoutEcho(failure: Promise<never>): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    failure.catch((error: unknown) => {
      if (!this.#halting.signal.aborted || !isAbort(error)) reject(error);
    });
    return promise;
  }
}
