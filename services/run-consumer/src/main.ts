import { runMain } from '@runlane/service-kit';
import { describeConfig, readConfig } from './config.ts';
import { SETTLE_RESERVE_MS, startRunConsumer } from './service.ts';
import { serviceVersion } from './version.ts';

const code = await runMain({
  service: 'run-consumer',
  version: serviceVersion,
  environment: process.env,
  readConfig,
  describeConfig,
  settleReserveMs: SETTLE_RESERVE_MS,
  start: startRunConsumer,
});

// Not exitCode: a leaked handle must not keep a stopped service alive.
process.exit(code);
