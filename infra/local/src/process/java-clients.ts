import { join } from 'node:path';
import type { LocalOptions } from '../server.ts';
import { fetchArtefact } from './artefacts.ts';
import { findJava } from './java.ts';

/**
 * A Java and the class path of Kafka's own clients, for programs that use them.
 *
 * Thrown when Java is missing, or Maven is and Kafka was never fetched; the message says what to install.
 */
export async function javaWithKafkaClients(options: LocalOptions): Promise<{ java: string; classPath: string }> {
  const java = await findJava(options.env ?? process.env, 'KAFKA_BROKERS');
  return { java, classPath: join(await fetchArtefact('kafka', options), '*') };
}
