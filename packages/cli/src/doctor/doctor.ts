/** `doctor`: checks everything that Runlane depends on, and says what to change if something is wrong. */
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import { withKafka } from '../deployment-kafka.ts';
import type { Output } from '../output.ts';
import type { Environment } from '../settings.ts';
import { looking } from './check.ts';
import type { Check } from './check.ts';
import { checkDatabase } from './database.ts';
import { checkBrokers, checkPartitioner, checkTopics } from './kafka.ts';
import { checkConfiguration, checkNode, checkProject } from './machine.ts';
import { checkRegistry } from './registry.ts';

export type DoctorFlags = {
  /** False: without loading the graphs, which runs their code. */
  graphs: boolean;
};

const FOUND_SOMETHING = 2;

/** Thrown: CommandError with exit code 2 when there is a problem; warnings alone are none. */
export async function doctor(flags: DoctorFlags, environment: Environment, output: Output): Promise<void> {
  const checks = [
    ...checkNode(process.version),
    ...checkConfiguration(environment),
    ...(await looking('Kafka', 'Nothing else of Kafka was checked.', () => kafkaChecks(environment))),
    ...(await looking('database', '', () => withDatabase(environment, checkDatabase))),
    ...(flags.graphs ? await checkProject(environment) : []),
  ];
  output.printTable(
    ['', 'WHAT', 'SEEN'],
    checks.map((check) => ({ object: check, cells: [check.status, check.check, check.detail] })),
  );
  const problems = checks.filter(({ status }) => status === 'problem');
  if (problems.length > 0) throw new CommandError(`the doctor has found ${problems.length} problems`, FOUND_SOMETHING);
}

async function kafkaChecks(environment: Environment): Promise<Check[]> {
  return withKafka(environment, async (kafka) => {
    const brokers = await checkBrokers(kafka.brokers);
    const registry = await checkRegistry(kafka, Boolean(environment['SCHEMA_REGISTRY_URL']?.trim()));
    // Without a broker the rest would only wait for one.
    if (brokers.every(({ status }) => status === 'problem')) return [...brokers, ...registry];
    const topics = await checkTopics(kafka);
    const partitioner = await looking('partitioner of producers', '', () => checkPartitioner(kafka));
    return [...brokers, ...topics, ...partitioner, ...registry];
  });
}
