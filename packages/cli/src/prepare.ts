/** `topics` and `schemas`: what a deployment needs before its services start. All may run again. */
import type { TopicDefinition } from '@runlane/contracts';
import { topicDefinitions } from '@runlane/contracts';
import { checkSchemas, topicChanges, topicProblems } from '@runlane/kafka';
import type { SchemaCheck, TopicChange, TopicDescription } from '@runlane/kafka';
import { openKafka, registryLogin } from '@runlane/log-ledger';
import { createLogger, kafkaSecurityProblems, loadConfig, runlaneVariables } from '@runlane/service-kit';
import { CommandError, messageOf } from './command-error.ts';
import { contractSubjects, createTopics, registerContracts } from './deployment.ts';
import type { Environment } from './settings.ts';

const connection = runlaneVariables.omit({
  DATABASE_URL: true,
  LANGGRAPH_CONFIG: true,
  RUNLANE_WEBHOOK_MASTER_KEY: true,
});
/** Time limit for each topic or subject, so that a job ends. */
const DEADLINE_MS = 120_000;

/** Thrown: ConfigError; CommandError when the cluster refuses, or does not lead the topics in time. */
export async function createTopicsOf(environment: Environment): Promise<string[]> {
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const kafka = openKafka(config, 'runlane-cli', createLogger({ service: 'runlane', level: 'silent' }));
  const created = await orCommandError('The topics were not created', () =>
    createTopics(kafka, config.RUNLANE_TOPIC_PREFIX),
  );
  return created.length === 0 ? ['all topics exist'] : created.map((name) => `created ${name}`);
}

/** Thrown: ConfigError; CommandError without a registry, and when it refuses or does not answer. */
export async function registerSchemasOf(environment: Environment): Promise<string[]> {
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const url = config.SCHEMA_REGISTRY_URL;
  if (url === null)
    throw new CommandError('SCHEMA_REGISTRY_URL is not set: without a registry there is nothing to do.');
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const registered = await orCommandError('The schemas were not registered', () =>
    registerContracts({ url, login: registryLogin(config) }, config.RUNLANE_TOPIC_PREFIX, signal),
  );
  return registered.map(({ subject, id }) => `${subject} has id ${id}`);
}

/** What `topics plan` found for a topic. `refused`: what it cannot mend. */
export type TopicPlan = {
  topic: string;
  plan: 'create' | 'change' | 'nothing';
  changes: TopicChange[];
  refused: string[];
  warnings: string[];
};

/**
 * Says what has to be done about the topics, and changes nothing. Thrown: ConfigError; CommandError when the cluster does
 * not answer.
 */
export async function planTopicsOf(environment: Environment): Promise<TopicPlan[]> {
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const kafka = openKafka(config, 'runlane-cli', createLogger({ service: 'runlane', level: 'silent' }));
  return orCommandError('The topics were not read', async () => {
    const admin = await kafka.admin();
    try {
      const plans: TopicPlan[] = [];
      for (const definition of topicDefinitions(config.RUNLANE_TOPIC_PREFIX)) {
        const topic = await admin.describeTopic(definition.name);
        plans.push(planOf(definition, topic));
      }
      return plans;
    } finally {
      await admin.close();
    }
  });
}

/** Does what `topics plan` says, and returns what it has done. Partitions and replicas stay as they are. */
export async function applyTopicsOf(environment: Environment): Promise<TopicPlan[]> {
  const plans = await planTopicsOf(environment);
  await createTopicsOf(environment);
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const kafka = openKafka(config, 'runlane-cli', createLogger({ service: 'runlane', level: 'silent' }));
  await orCommandError('The settings of the topics were not changed', async () => {
    const admin = await kafka.admin();
    try {
      for (const { topic, changes } of plans) {
        if (changes.length === 0) continue;
        await admin.setTopicConfig(topic, Object.fromEntries(changes.map(({ setting, to }) => [setting, to])));
      }
    } finally {
      await admin.close();
    }
  });
  return plans;
}

function planOf(definition: TopicDefinition, topic: TopicDescription | null): TopicPlan {
  const { name } = definition;
  if (topic === null) return { topic: name, plan: 'create', changes: [], refused: [], warnings: [] };
  const changes = topicChanges(definition, topic);
  const changed = new Map(changes.map(({ setting, to }) => [setting, to]));
  const afterwards = { ...topic, config: new Map([...topic.config, ...changed]) };
  return {
    topic: name,
    plan: changes.length > 0 ? 'change' : 'nothing',
    changes,
    ...topicProblems(definition, afterwards),
  };
}

/** Compares the subjects with the schemas of this version. Thrown: as by `registerSchemasOf`. */
export async function checkSchemasOf(environment: Environment): Promise<SchemaCheck[]> {
  const config = loadConfig(connection, environment, kafkaSecurityProblems);
  const url = config.SCHEMA_REGISTRY_URL;
  if (url === null)
    throw new CommandError('SCHEMA_REGISTRY_URL is not set: without a registry there is nothing to do.');
  return orCommandError('The schemas were not compared', () =>
    checkSchemas({
      registryUrl: url,
      registryLogin: registryLogin(config),
      subjects: contractSubjects(config.RUNLANE_TOPIC_PREFIX),
      signal: AbortSignal.timeout(DEADLINE_MS),
    }),
  );
}

async function orCommandError<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CommandError(`${what}: ${messageOf(error)}`);
  }
}
