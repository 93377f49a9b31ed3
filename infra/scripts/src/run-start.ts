import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connectKafka } from '@runlane/kafka';
import type { RunningService, Scope } from '@runlane/service-kit';
import { startDemoReceiver } from './demo-receiver.ts';
import { publishDemoRuns } from './demo-runs.ts';
import { runDevCommand } from './dev-command.ts';
import type { DevStack } from './dev-command.ts';
import { devEnvironment, publishDevEnv } from './dev-env.ts';
import { addressTable, startServers } from './dev-servers.ts';
import type { DevAddresses } from './dev-servers.ts';
import { readSettings } from './dev-settings.ts';
import type { DevSettings } from './dev-settings.ts';
import { createTopics, registerContracts } from './prepare.ts';
import { publishingHint } from './publishing-hint.ts';
import { startServiceChild } from './service-child.ts';
import type { ServiceChild } from './service-child.ts';
import { show, showEvents } from './show-events.ts';
import { describeError, note, print, table } from './terminal.ts';
import type { TableRow } from './terminal.ts';

const USAGE = `usage: npm start [-- [--config path/to/langgraph.json] [--no-demo]]

Starts Kafka, a schema registry and Postgres, as far as KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL do not name
them, run-consumer and webhook-dispatcher; then runs the demo, and shows the status events of all runs until Ctrl-C.

  --config PATH  runs the graphs of this langgraph.json, instead of those of infra/demo
  --no-demo      publishes no runs; with other graphs there are no demo runs either
  --help         shows this text`;

const RUN_CONSUMER = new URL('../../../services/run-consumer/src/main.ts', import.meta.url);
const DISPATCHER = new URL('../../../services/webhook-dispatcher/src/main.ts', import.meta.url);

/** Receivers of a developer are on the developer's machine. */
const DEV_WEBHOOK_ALLOW = 'http://127.0.0.1:*,http://localhost:*,http://[::1]:*';

/** Short, because the queue ends together with the servers; runs in a database that was given go on at the next start. */
const DRAIN_GRACE_SECONDS = 5;
/** What a service may take besides its grace, and then the servers, in milliseconds. */
const SERVICE_RESERVE_MS = 30_000;
const SERVERS_STOP_MS = 30_000;

type StartOptions = { config?: string | undefined; 'no-demo': boolean; help: boolean };

/** `npm start`; returns the exit code. */
export async function runStart(
  args: string[],
  { environment, stateDirectory }: { environment: NodeJS.ProcessEnv; stateDirectory: string },
): Promise<number> {
  let options: StartOptions;
  let settings: DevSettings;
  try {
    options = parseOptions(args);
    if (options.help) {
      print(USAGE);
      return 0;
    }
    settings = readSettings(environment, options.config);
  } catch (error) {
    note(`npm start: ${describeError(error)}`);
    return 2;
  }
  const childEnvironment = {
    ...environment,
    RUNLANE_DRAIN_GRACE_SECONDS: environment['RUNLANE_DRAIN_GRACE_SECONDS'] || String(DRAIN_GRACE_SECONDS),
    RUNLANE_WEBHOOK_ALLOW: environment['RUNLANE_WEBHOOK_ALLOW'] || DEV_WEBHOOK_ALLOW,
  };
  const serviceStopMs = Number(childEnvironment.RUNLANE_DRAIN_GRACE_SECONDS) * 1_000 + SERVICE_RESERVE_MS;
  return runDevCommand({
    name: 'npm start',
    stateDirectory,
    stopGraceMs: 2 * serviceStopMs + SERVERS_STOP_MS,
    start: (scope, signal, stack) =>
      start(scope, signal, { ...stack, settings, childEnvironment, serviceStopMs, hasDemo: !options['no-demo'] }),
  });
}

function parseOptions(args: string[]): StartOptions {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: 'string' },
      'no-demo': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

type StartContext = DevStack & {
  settings: DevSettings;
  childEnvironment: NodeJS.ProcessEnv;
  serviceStopMs: number;
  hasDemo: boolean;
};

async function start(scope: Scope, signal: AbortSignal, context: StartContext): Promise<RunningService> {
  const { settings, stateDirectory, logger } = context;
  const { topicPrefix } = settings;
  const addresses = await startServers(scope, signal, stateDirectory);
  const kafka = connectKafka({ brokers: addresses.brokers, clientId: 'npm-start', logger });
  await createTopics(kafka, topicPrefix);
  await registerContracts(addresses.registryUrl, topicPrefix, signal);
  signal.throwIfAborted();

  const devEnv = devEnvironment(settings, addresses);
  const events = await showEvents(scope, { kafka, topicPrefix, logger });
  const startService = (name: string, entry: URL): Promise<ServiceChild> =>
    startOne(scope, signal, context, { name, entry, devEnv });
  const [runConsumer, dispatcher] = await Promise.all([
    startService('run-consumer', RUN_CONSUMER),
    startService('webhook-dispatcher', DISPATCHER),
  ]);
  signal.throwIfAborted();
  scope.use(publishDevEnv(stateDirectory, devEnv), 'dev.env');

  print(summary(addresses, [runConsumer, dispatcher], context));
  print(publishingHint(addresses.brokers, topicPrefix, settings.isDemoProject));
  print('runlane ready');
  if (context.hasDemo && settings.isDemoProject) {
    const [masterKey = ''] = settings.webhookMasterKey.split(',');
    const webhook = await startDemoReceiver(scope, { masterKey, onWebhook: show });
    await publishDemoRuns(kafka, topicPrefix, webhook);
  }
  return { failed: [runConsumer.died, dispatcher.died, events.failed] };
}

function startOne(
  scope: Scope,
  signal: AbortSignal,
  { childEnvironment, serviceStopMs, logDirectory }: StartContext,
  { name, entry, devEnv }: { name: string; entry: URL; devEnv: Record<string, string> },
): Promise<ServiceChild> {
  note(`[${name}] starting`);
  return startServiceChild({
    name,
    entry,
    environment: {
      ...childEnvironment,
      ...devEnv,
      // Each service needs its own port, so one from outside is for none of them.
      HTTP_PORT: '',
      // Its port is read from its log, where a coarser level would hide it.
      RUNLANE_LOG_LEVEL: detailedLevel(childEnvironment['RUNLANE_LOG_LEVEL']),
    },
    logFile: join(logDirectory, `${name}.log`),
    stopGraceMs: serviceStopMs,
    onSpawn: (stop) => scope.defer(name, stop),
    signal,
  });
}

function detailedLevel(wanted: string | undefined): string {
  return wanted === 'trace' || wanted === 'debug' ? wanted : 'info';
}

function summary(addresses: DevAddresses, services: ServiceChild[], context: StartContext): string {
  const rows: TableRow[] = [
    ['graphs', context.settings.langgraphConfig],
    ...services.map(({ url }): TableRow => ['metrics', `${url}/metrics`]),
    ['logs', context.logDirectory],
  ];
  return `\n${addressTable(addresses, context.stateDirectory)}\n${table(rows)}\n`;
}
