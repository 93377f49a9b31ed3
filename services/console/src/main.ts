import { runMain } from '@runlane/service-kit';
import { describeConfig, readConfig } from './config.ts';
import { startConsole } from './service.ts';
import { serviceVersion } from './version.ts';

/** Only answers that are being written have to end first. */
const SETTLE_RESERVE_MS = 5_000;

const code = await runMain({
  service: 'console',
  version: serviceVersion,
  environment: process.env,
  readConfig,
  describeConfig,
  settleReserveMs: SETTLE_RESERVE_MS,
  start: startConsole,
});

// Not exitCode: a leaked handle must not keep a stopped service alive.
process.exit(code);
