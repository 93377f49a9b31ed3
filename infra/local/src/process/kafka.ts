import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onFreePorts } from '../free-ports.ts';
import { askEachOf, kafkaServer } from '../kafka-server.ts';
import { kafkaSettings, newClusterId } from '../kafka-settings.ts';
import { startUnlessDeferred, type MachineServer } from '../lifecycle.ts';
import type { KafkaOptions, LocalKafka } from '../server.ts';
import { fetchArtefact } from './artefacts.ts';
import { findJava, serverEnvironment } from './java.ts';
import { runTool } from './run-tool.ts';
import { serverProcess } from './server-process.ts';

// Warnings and errors only: at `info` a broker writes its whole configuration and every segment roll.
const JVM = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
];

type Node = { id: number; home: string; clientPort: number; controllerPort: number };

/**
 * Kafka as JVM processes: one below `dataDir/kafka`, or three below `dataDir/kafka-cluster`.
 *
 * Thrown when Java or Maven is missing, or Kafka does not start.
 */
export async function processKafka(options: KafkaOptions): Promise<LocalKafka> {
  const { kafka } = await startBrokers(options, options.nodes ?? 1, null);
  return kafka;
}

/** Further listeners of a single broker, and what belongs to them. */
export type ExtraListeners = {
  /** Names, such as `SASL`, each with a port of its own. */
  names: string[];
  /** `listener.security.protocol.map`, such as `SASL:SASL_SSL`. */
  protocols: string;
  settings: Record<string, string>;
  /** Users of SCRAM as the storage tool takes them. */
  scram: string[];
};

/** @returns also the ports of the further listeners, in the order of their names */
export async function startBrokers(
  options: KafkaOptions,
  count: 1 | 3,
  extra: ExtraListeners | null,
): Promise<{ kafka: LocalKafka; extraPorts: number[] }> {
  const parentEnv = options.env ?? process.env;
  const java = await findJava(parentEnv, 'KAFKA_BROKERS');
  const env = serverEnvironment(parentEnv);
  const jvm = [...JVM, '-cp', join(await fetchArtefact('kafka', options), '*')];
  const home = join(options.dataDir, count === 1 ? 'kafka' : 'kafka-cluster');

  return onFreePorts(2 * count + (extra?.names.length ?? 0), async (ports) => {
    const extraPorts = ports.slice(2 * count);
    const nodes = Array.from({ length: count }, (_, index): Node => {
      const id = index + 1;
      return { id, home: join(home, `node-${id}`), clientPort: ports[index]!, controllerPort: ports[count + index]! };
    });
    const brokers = nodes.map((node) => `127.0.0.1:${node.clientPort}`);
    const prepare = async (signal?: AbortSignal): Promise<void> => {
      const clusterId = await rememberedClusterId(home);
      const prepareNode = async (node: Node): Promise<void> => {
        await mkdir(logDirectory(node), { recursive: true });
        await writeFile(propertiesFile(node), propertiesOf(node, nodes, extra, extraPorts, options.sessionMs));
        if (existsSync(join(logDirectory(node), 'meta.properties'))) return;
        const args = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', propertiesFile(node)];
        for (const user of extra?.scram ?? []) args.push('--add-scram', user);
        await runTool(java, [...jvm, ...args], { cwd: node.home, env, ...(signal && { signal }) });
      };
      await Promise.all(nodes.map(prepareNode));
    };
    const machines = nodes.map((node) =>
      serverProcess({
        name: `Kafka broker ${node.id}`,
        file: java,
        args: [count === 1 ? '-Xmx512m' : '-Xmx384m', ...jvm, 'kafka.Kafka', propertiesFile(node)],
        cwd: node.home,
        env,
        logFile: join(node.home, 'kafka.log'),
        log: options.log,
        stopSignal: 'SIGTERM',
        // A broker of a cluster that has lost its quorum would take minutes to give up.
        stopGraceMs: count === 1 ? 10_000 : 3000,
      }),
    );
    const server: MachineServer = {
      name: 'Kafka',
      provider: 'process',
      machines,
      probe: askEachOf(brokers),
      deadlineMs: 90_000,
      prepare,
    };
    await startUnlessDeferred(server, options);
    options.log?.(`Kafka: ${brokers.join(',')} (process, logs below ${home})`);
    return { kafka: kafkaServer(server, brokers), extraPorts };
  });
}

function propertiesOf(
  node: Node,
  nodes: readonly Node[],
  extra: ExtraListeners | null,
  extraPorts: readonly number[],
  sessionMs: number | undefined,
): string {
  const listeners = [
    `PLAINTEXT://127.0.0.1:${node.clientPort}`,
    `CONTROLLER://127.0.0.1:${node.controllerPort}`,
    ...(extra?.names ?? []).map((name, index) => `${name}://127.0.0.1:${extraPorts[index]}`),
  ].join(',');
  const protocols = ['CONTROLLER:PLAINTEXT', 'PLAINTEXT:PLAINTEXT', ...(extra === null ? [] : [extra.protocols])];
  const listenerSettings = {
    listeners,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': protocols.join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': logDirectory(node),
  };
  const voters = nodes.map((voter) => `${voter.id}@127.0.0.1:${voter.controllerPort}`).join(',');
  const settings = kafkaSettings({ id: node.id, voters, listenerSettings }, nodes.length === 1 ? 1 : 3, sessionMs);
  return Object.entries({ ...settings, ...extra?.settings })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function propertiesFile(node: Node): string {
  return join(node.home, 'server.properties');
}

function logDirectory(node: Node): string {
  return join(node.home, 'logs');
}

async function rememberedClusterId(home: string): Promise<string> {
  const file = join(home, 'cluster-id');
  if (existsSync(file)) return readFile(file, 'utf8');
  const id = newClusterId();
  await mkdir(home, { recursive: true });
  await writeFile(file, id);
  return id;
}
