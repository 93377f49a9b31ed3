import { resolve } from 'node:path';
import { wantsContainers } from './container/engine.ts';
import { givenAddress, givenServer } from './given.ts';
import { askKafka } from './probes.ts';
import { processKafka } from './process/kafka.ts';
import type { KafkaOptions, LocalKafka } from './server.ts';

/**
 * Takes the Kafka of `KAFKA_BROKERS`, or starts one of 1 (default) or 3 brokers as JVM processes, or in containers with
 * `RUNLANE_SERVERS=containers`.
 *
 * `askGiven` asks the given brokers whether they answer, where that needs more than their addresses; it rejects with
 * GivenRefuses when asking again is of no use.
 *
 * Thrown when it does not answer or cannot be started; the message says what to install or set.
 */
export async function startKafka(
  options: KafkaOptions & { askGiven?: (brokers: string[]) => Promise<unknown> },
): Promise<LocalKafka> {
  const given = givenAddress('KAFKA_BROKERS', options);
  if (given !== undefined) {
    const brokers = given.split(',').map((broker) => broker.trim());
    const ask = options.askGiven ?? askKafka;
    const server = await givenServer('KAFKA_BROKERS', options, () => ask(brokers));
    const node = (): LocalKafka => ({ ...server, brokers, node });
    return node();
  }
  // The servers run in directories of their own.
  const settled = { ...options, dataDir: resolve(options.dataDir) };
  if (await wantsContainers(options)) {
    const { containerKafka } = await import('./container/kafka.ts');
    return containerKafka(settled);
  }
  return processKafka(settled);
}
