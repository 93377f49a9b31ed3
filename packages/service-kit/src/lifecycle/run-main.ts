import { runService } from './lifecycle.ts';
import type { RunningService } from './lifecycle.ts';
import { createLogger } from '../logger.ts';
import type { LogLevel, Logger } from '../logger.ts';
import type { Scope } from './scope.ts';

/** What every configuration of a service has. */
export type MainConfig = { RUNLANE_LOG_LEVEL: LogLevel; RUNLANE_DRAIN_GRACE_SECONDS: number };

/** What the start of a service is given. */
export type MainNeeds<Config> = { config: Config; logger: Logger; environment: NodeJS.ProcessEnv };

export type MainOptions<Config extends MainConfig> = {
  /** For the log, such as `run-consumer`. */
  service: string;
  version: string;
  environment: NodeJS.ProcessEnv;
  /** Thrown: ConfigError with every problem. */
  readConfig: (environment: NodeJS.ProcessEnv) => Config;
  /** What the first line of the log says of it; no secrets. */
  describeConfig: (config: Config, environment: NodeJS.ProcessEnv) => object;
  /** Milliseconds that a drain has besides RUNLANE_DRAIN_GRACE_SECONDS. */
  settleReserveMs: number;
  /** See `runService`. */
  start: (scope: Scope, signal: AbortSignal, needs: MainNeeds<Config>) => Promise<RunningService>;
};

/** Runs a service by its environment from the first line of the log on, and returns the exit code: 2 when it is misconfigured. */
export async function runMain<Config extends MainConfig>(options: MainOptions<Config>): Promise<number> {
  const { service, version, environment } = options;
  let config: Config;
  try {
    config = options.readConfig(environment);
  } catch (error) {
    process.stderr.write(`${service}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const logger = createLogger({ service, level: config.RUNLANE_LOG_LEVEL });
  logger.info({ version, ...options.describeConfig(config, environment) }, 'service.starting');
  return runService({
    logger,
    drainGraceMs: config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000 + options.settleReserveMs,
    start: (scope, signal) => options.start(scope, signal, { config, logger, environment }),
  });
}
