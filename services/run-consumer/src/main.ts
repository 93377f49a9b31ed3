import { createLogger, runService } from '@runlane/service-kit';
import { describeConfig, readConfig } from './config.ts';
import { SETTLE_RESERVE_MS, startRunConsumer } from './service.ts';
import { serviceVersion } from './version.ts';

// Not exitCode: a leaked handle must not keep a stopped service alive.
process.exit(await main(process.env));

async function main(environment: NodeJS.ProcessEnv): Promise<number> {
  let config;
  try {
    config = readConfig(environment);
  } catch (error) {
    process.stderr.write(`run-consumer: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  const logger = createLogger({ service: 'run-consumer', level: config.RUNLANE_LOG_LEVEL });
  logger.info({ version: serviceVersion, ...describeConfig(config, environment) }, 'service.starting');
  return runService({
    logger,
    drainGraceMs: config.RUNLANE_DRAIN_GRACE_SECONDS * 1_000 + SETTLE_RESERVE_MS,
    start: (scope, signal) => startRunConsumer(scope, signal, { config, logger, environment }),
  });
}
