import { expect, test } from 'vitest';
import { configSummary, envExample } from './config-texts.ts';
import { loadConfig } from './config.ts';
import { runlaneVariables } from './variables.ts';

test('the example file sets required variables, and has the others as comments with their default', () => {
  const schema = runlaneVariables.pick({
    KAFKA_BROKERS: true,
    SCHEMA_REGISTRY_URL: true,
    RUNLANE_VALUES_MAX_BYTES: true,
    RUNLANE_WEBHOOK_MASTER_KEY: true,
    RUNLANE_ROLES: true,
  });
  expect(envExample(schema)).toBe(`# Kafka bootstrap brokers, comma-separated host:port. Required.
KAFKA_BROKERS=127.0.0.1:9092

# Confluent-compatible schema registry. Unset: values are plain JSON. Unset by default.
# SCHEMA_REGISTRY_URL=http://127.0.0.1:8081

# Largest final state, and largest list of interrupts, in a status event, in bytes; larger ones are left out. At
# most 3 MiB, because both have to fit into an event of 8 MiB.
# RUNLANE_VALUES_MAX_BYTES=262144

# Signs webhooks: any text of at least 32 characters. Several, comma-separated, for rotation: the first is
# current. Required.
RUNLANE_WEBHOOK_MASTER_KEY=

# What this run-consumer does, comma-separated.
# RUNLANE_ROLES=admission,execution,relay,sweeping
`);
});

test('the values of the example file, uncommented, are a valid configuration once the secrets are filled in', () => {
  const env: Record<string, string> = {};
  for (const [, name, value] of envExample(runlaneVariables).matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm)) {
    if (name !== undefined && value !== undefined) env[name] = value;
  }
  expect(Object.keys(env)).toEqual(Object.keys(runlaneVariables.shape));
  const secrets = { DATABASE_URL: 'postgres://u:p@db/x', RUNLANE_WEBHOOK_MASTER_KEY: 'k'.repeat(32) };
  expect(() => loadConfig(runlaneVariables, { ...env, ...secrets })).not.toThrow();
});

test('every variable has a description', () => {
  const undescribed = Object.entries(runlaneVariables.shape).filter(
    ([, { description }]) => !description?.endsWith('.'),
  );
  expect(undescribed.map(([name]) => name)).toEqual([]);
});

test('the summary at start shows the values in force, and no secret', () => {
  const schema = runlaneVariables.pick({
    KAFKA_BROKERS: true,
    DATABASE_URL: true,
    SCHEMA_REGISTRY_URL: true,
    HTTP_PORT: true,
    RUNLANE_WEBHOOK_MASTER_KEY: true,
    RUNLANE_MAX_CONCURRENT_RUNS: true,
    RUNLANE_TOPIC_PREFIX: true,
  });
  const config = loadConfig(schema, {
    KAFKA_BROKERS: 'kafka-0:9092,kafka-1:9092',
    DATABASE_URL: 'postgres://runlane:s3cret@db:5433/runlane?sslmode=require&password=s3cret',
    SCHEMA_REGISTRY_URL: 'https://u:s3cret@registry/apis/ccompat/v7',
    RUNLANE_WEBHOOK_MASTER_KEY: 's3cret'.repeat(6),
  });
  expect(configSummary(schema, config)).toEqual({
    KAFKA_BROKERS: ['kafka-0:9092', 'kafka-1:9092'],
    DATABASE_URL: 'postgres://[redacted]@db:5433/runlane?sslmode=[redacted]&password=[redacted]',
    SCHEMA_REGISTRY_URL: 'https://[redacted]@registry/apis/ccompat/v7',
    HTTP_PORT: null,
    RUNLANE_WEBHOOK_MASTER_KEY: '1 × [redacted]',
    RUNLANE_MAX_CONCURRENT_RUNS: 16,
    RUNLANE_TOPIC_PREFIX: '',
    secretFiles: {},
  });
});
