import { join } from 'node:path';
import { GenericContainer, Network, type StartedNetwork } from 'testcontainers';
import { onFreePorts } from '../free-ports.ts';
import { askEachOf, kafkaServer } from '../kafka-server.ts';
import { kafkaSettings, newClusterId } from '../kafka-settings.ts';
import { startUnlessDeferred, type MachineServer } from '../lifecycle.ts';
import type { KafkaOptions, LocalKafka } from '../server.ts';
import { containerMachine, engineHost } from './container-machine.ts';

// The version of pom.xml.
const IMAGE = 'apache/kafka:4.3.1';

/** Kafka in one container per broker; brokers talk over a network of their own, clients over ports of the engine's host. */
export async function containerKafka(options: KafkaOptions): Promise<LocalKafka> {
  const nodes = options.nodes ?? 1;
  const ids = Array.from({ length: nodes }, (_, index) => index + 1);
  const host = await engineHost();
  const network = await new Network().start();
  const clusterId = newClusterId();
  return onFreePorts(nodes, async (ports) => {
    const brokers = ports.map((port) => `${host}:${port}`);
    const machines = ids.map((id) => {
      const image = brokerImage({
        id,
        nodes,
        ids,
        network,
        clusterId,
        hostPort: ports[id - 1]!,
        address: brokers[id - 1]!,
        sessionMs: options.sessionMs,
      });
      return containerMachine(`Kafka broker ${id}`, image, join(options.dataDir, 'kafka', `node-${id}`, 'kafka.log'));
    });
    const server: MachineServer = {
      name: 'Kafka',
      provider: 'container',
      machines,
      probe: askEachOf(brokers),
      deadlineMs: 180_000,
    };
    await startUnlessDeferred(server, options);
    options.log?.(`Kafka: ${brokers.join(',')} (container ${IMAGE})`);
    return kafkaServer(server, brokers);
  });
}

function brokerImage(broker: {
  id: number;
  nodes: 1 | 3;
  ids: number[];
  network: StartedNetwork;
  clusterId: string;
  hostPort: number;
  address: string;
  sessionMs: number | undefined;
}): GenericContainer {
  const alias = `kafka-${broker.id}`;
  const voters = broker.ids.map((id) => `${id}@kafka-${id}:9093`).join(',');
  const listenerSettings = {
    listeners: 'PLAINTEXT://:9092,INTERNAL://:19092,CONTROLLER://:9093',
    'advertised.listeners': `PLAINTEXT://${broker.address},INTERNAL://${alias}:19092`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': '/tmp/kafka-logs',
  };
  const settings = kafkaSettings({ id: broker.id, voters, listenerSettings }, broker.nodes, broker.sessionMs);
  // The image turns KAFKA_A_B=c into a.b=c; none of our names holds a dash or an underscore.
  const environment = Object.entries(settings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
    value,
  ]);
  return new GenericContainer(IMAGE)
    .withNetwork(broker.network)
    .withNetworkAliases(alias)
    .withExposedPorts({ container: 9092, host: broker.hostPort })
    .withEnvironment({ ...Object.fromEntries(environment), CLUSTER_ID: broker.clusterId });
}
