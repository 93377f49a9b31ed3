import { join } from 'node:path';
import { PAGE_DIRECTORY, buildPage } from '@runlane/console/page-bundle';
import type { RunningService, Scope } from '@runlane/service-kit';
import { startDemoReceiver } from './demo-receiver.ts';
import { publishDemoRuns } from './demo-runs.ts';
import { runDevCommand } from '../dev/dev-command.ts';
import type { DevStack } from '../dev/dev-command.ts';
import { connectDevKafka, devRegistryLogin } from '../dev/dev-connections.ts';
import { devEnvironment, publishDevEnv } from '../dev/dev-env.ts';
import { addressTable, startServers } from '../dev/dev-servers.ts';
import type { DevAddresses, DevServersOptions } from '../dev/dev-servers.ts';
import { keptIn, readSettings } from '../dev/dev-settings.ts';
import type { DevSettings } from '../dev/dev-settings.ts';
import { isWorthSeeing, readableLogLine } from './log-lines.ts';
import { createTopics, registerContracts } from '@runlane/cli/deployment';
import { publishingHint } from './publishing-hint.ts';
import { startServiceChild } from '../dev/service-child.ts';
import type { ServiceChild } from '../dev/service-child.ts';
import { restartOnChange } from '../dev/restart-on-change.ts';
import type { RestartableChild } from '../dev/restart-on-change.ts';
import { ServiceRows } from './service-rows.ts';
import { show, showEvents } from './show-events.ts';
import { START_USAGE, heedEnvironment, parseStartOptions } from './start-options.ts';
import type { StartOptions } from './start-options.ts';
import { describeError, note, print, table } from '../terminal.ts';
import type { TableRow } from '../terminal.ts';

const RUN_CONSUMER = new URL('../../../../services/run-consumer/src/main.ts', import.meta.url);
const DISPATCHER = new URL('../../../../services/webhook-dispatcher/src/main.ts', import.meta.url);
const CONSOLE = new URL('../../../../services/console/src/main.ts', import.meta.url);

/** Receivers of a developer are on the developer's machine. */
const DEV_WEBHOOK_ALLOW = 'http://127.0.0.1:*,http://localhost:*,http://[::1]:*';

/** Short, because the queue ends together with the servers; runs in a given database continue at the next start. */
const DRAIN_GRACE_SECONDS = 5;
/** What a service may take besides its grace, and then the servers, in milliseconds. */
const SERVICE_RESERVE_MS = 30_000;
const SERVERS_STOP_MS = 30_000;

/** `npm start`; returns the exit code. */
export async function runStart(
  args: string[],
  { environment, stateDirectory }: { environment: NodeJS.ProcessEnv; stateDirectory: string },
): Promise<number> {
  let options: StartOptions;
  let settings: DevSettings;
  let servers: DevServersOptions;
  try {
    options = parseStartOptions(args);
    if (options.help) {
      print(START_USAGE);
      return 0;
    }
    const { heeded, unheeded } = heedEnvironment(environment, options);
    if (unheeded.length > 0) {
      note(`npm start: ${unheeded.join(', ')}: not used. npm start -- --external uses what they name.`);
    }
    if (environment['HTTP_PORT'])
      note('npm start: HTTP_PORT: not used, each service has a free port. They are in the table below.');
    servers = {
      stateDirectory,
      environment: heeded,
      ...(options.keep ? { keptDirectory: keptIn(stateDirectory) } : {}),
    };
    settings = readSettings(heeded, { config: options.config, keptDirectory: servers.keptDirectory });
  } catch (error) {
    note(`npm start: ${describeError(error)}`);
    return 2;
  }
  const childEnvironment = {
    ...servers.environment,
    RUNLANE_DRAIN_GRACE_SECONDS: environment['RUNLANE_DRAIN_GRACE_SECONDS'] || String(DRAIN_GRACE_SECONDS),
    RUNLANE_RELOAD_GRAPHS: environment['RUNLANE_RELOAD_GRAPHS'] || 'true',
    RUNLANE_WEBHOOK_ALLOW: environment['RUNLANE_WEBHOOK_ALLOW'] || DEV_WEBHOOK_ALLOW,
    // It listens on this machine alone, unless somebody has said otherwise.
    RUNLANE_CONSOLE_ACTIONS: environment['RUNLANE_CONSOLE_ACTIONS'] || 'on',
  };
  const serviceStopMs = Number(childEnvironment.RUNLANE_DRAIN_GRACE_SECONDS) * 1_000 + SERVICE_RESERVE_MS;
  const hasDemo = !options['no-demo'] && settings.isDemoProject;
  return runDevCommand({
    name: 'npm start',
    stateDirectory,
    stopGraceMs: 2 * serviceStopMs + SERVERS_STOP_MS,
    start: (scope, signal, stack) =>
      start(scope, signal, { ...stack, settings, servers, childEnvironment, serviceStopMs, hasDemo }),
  });
}

type StartContext = DevStack & {
  settings: DevSettings;
  servers: DevServersOptions;
  childEnvironment: NodeJS.ProcessEnv;
  serviceStopMs: number;
  hasDemo: boolean;
};

async function start(scope: Scope, signal: AbortSignal, context: StartContext): Promise<RunningService> {
  const { settings, servers, stateDirectory, logger } = context;
  const { topicPrefix } = settings;
  const addresses = await startServers(scope, signal, servers, settings);
  const { connections } = settings;
  const kafka = connectDevKafka(connections, { brokers: addresses.brokers, clientId: 'npm-start', logger });
  await createTopics(kafka, topicPrefix);
  await registerContracts({ url: addresses.registryUrl, login: devRegistryLogin(connections) }, topicPrefix, signal);
  signal.throwIfAborted();

  const devEnv = devEnvironment(settings, addresses);
  const events = await showEvents(scope, { kafka, topicPrefix, logger });
  const rows = new ServiceRows();
  const startService = (name: string, entry: URL): Promise<RestartableChild> =>
    startOne(scope, signal, context, { name, entry, devEnv, onLine: (line) => tellLine(line, rows) });
  const [runConsumer, dispatcher, console] = await Promise.all([
    startService('run-consumer', RUN_CONSUMER),
    startService('webhook-dispatcher', DISPATCHER),
    buildPage(PAGE_DIRECTORY).then(() => startService('console', CONSOLE)),
  ]);
  signal.throwIfAborted();
  scope.use(publishDevEnv(stateDirectory, devEnv), 'dev.env');

  print(summary(addresses, [runConsumer.child, dispatcher.child, console.child], context, rows));
  print(
    publishingHint(addresses.brokers, topicPrefix, {
      graphId: settings.isDemoProject ? null : (rows.graphs.firstLoaded() ?? 'a graph of yours'),
      isOpen: connections.config.KAFKA_SECURITY_PROTOCOL === 'PLAINTEXT',
    }),
  );
  print('runlane ready');
  if (context.hasDemo) {
    const [masterKey = ''] = settings.webhookMasterKey.split(',');
    const webhook = await startDemoReceiver(scope, { masterKey, onWebhook: show });
    await publishDemoRuns(kafka, topicPrefix, webhook);
  }
  const runConsumerDied = restartOnChange(scope, signal, {
    file: settings.langgraphConfig,
    running: runConsumer,
    start: () => startService('run-consumer', RUN_CONSUMER),
  });
  return { failed: [runConsumerDied, dispatcher.child.died, console.child.died, events.failed] };
}

async function startOne(
  scope: Scope,
  signal: AbortSignal,
  { childEnvironment, serviceStopMs, logDirectory }: StartContext,
  service: { name: string; entry: URL; devEnv: Record<string, string>; onLine: (line: string) => void },
): Promise<RestartableChild> {
  const { name, entry, devEnv, onLine } = service;
  let stop = (): Promise<void> => Promise.resolve();
  note(`[${name}] starting`);
  const child = await startServiceChild({
    name,
    entry,
    onLine,
    environment: {
      ...withoutFilesOf(devEnv, childEnvironment),
      ...devEnv,
      // Each service needs its own port, so a given one fits none of them.
      HTTP_PORT: '',
      // Its port is read from its log; a higher level would hide it.
      RUNLANE_LOG_LEVEL: detailedLevel(childEnvironment['RUNLANE_LOG_LEVEL']),
    },
    logFile: join(logDirectory, `${name}.log`),
    stopGraceMs: serviceStopMs,
    onSpawn: (stopChild) => {
      stop = stopChild;
      scope.defer(name, stopChild);
    },
    signal,
  });
  return { child, stop };
}

/** A variable whose value is known now must not name a file as well. */
function withoutFilesOf(values: Record<string, string>, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isDouble = (name: string) => name.endsWith('_FILE') && Object.hasOwn(values, name.slice(0, -'_FILE'.length));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isDouble(name)));
}

function detailedLevel(wanted: string | undefined): string {
  return wanted === 'trace' || wanted === 'debug' ? wanted : 'info';
}

/** A line of a service's log: in the table of the events, or as it is when people should see it. */
function tellLine(line: string, rows: ServiceRows): void {
  const row = rows.rowOf(line);
  if (row !== null) show(row);
  else if (isWorthSeeing(line) && !rows.isShownElsewhere(line)) note(readableLogLine(line));
}

function summary(
  addresses: DevAddresses,
  services: ServiceChild[],
  context: StartContext,
  { graphs, consoleUrl }: ServiceRows,
): string {
  const { settings, servers, logDirectory, stateDirectory } = context;
  const rows: TableRow[] = [
    ...(consoleUrl === null ? [] : [['console', consoleUrl] satisfies TableRow]),
    ['langgraph.json', settings.langgraphConfig],
    ['graphs', graphs.summary()],
    ...services.map(({ name, url }): TableRow => ['metrics', `${url}/metrics (${name})`]),
    ['logs', logDirectory],
    ...(servers.keptDirectory === undefined
      ? []
      : [['kept', `${servers.keptDirectory}; remove it to begin afresh`] satisfies TableRow]),
  ];
  return `\n${addressTable(addresses, stateDirectory)}\n${table(rows)}\n`;
}
