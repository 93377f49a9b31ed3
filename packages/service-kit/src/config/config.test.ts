import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig, unknownRunlaneVariables } from './config.ts';
import { runlaneVariables } from './variables.ts';

const required = {
  KAFKA_BROKERS: 'kafka-0:9092',
  DATABASE_URL: 'postgres://u:p@db/runlane',
  LANGGRAPH_CONFIG: './langgraph.json',
  RUNLANE_WEBHOOK_MASTER_KEY: 'k'.repeat(32),
};

test('with the required variables alone, all others have the defaults of the design', () => {
  expect(loadConfig(runlaneVariables, required)).toEqual({
    KAFKA_BROKERS: ['kafka-0:9092'],
    DATABASE_URL: 'postgres://u:p@db/runlane',
    SCHEMA_REGISTRY_URL: null,
    RUNLANE_KAFKA_CLIENT: 'kafkajs',
    KAFKA_SECURITY_PROTOCOL: 'PLAINTEXT',
    KAFKA_SSL_CA_LOCATION: null,
    KAFKA_SSL_CERTIFICATE_LOCATION: null,
    KAFKA_SSL_KEY_LOCATION: null,
    KAFKA_SSL_KEY_PASSWORD: null,
    KAFKA_SASL_MECHANISM: null,
    KAFKA_SASL_USERNAME: null,
    KAFKA_SASL_PASSWORD: null,
    KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL: null,
    KAFKA_SASL_OAUTHBEARER_CLIENT_ID: null,
    KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET: null,
    KAFKA_SASL_OAUTHBEARER_SCOPE: null,
    KAFKA_SASL_OAUTHBEARER_PROVIDER: null,
    SCHEMA_REGISTRY_USERNAME: null,
    SCHEMA_REGISTRY_PASSWORD: null,
    secretFiles: {},
    LANGGRAPH_CONFIG: './langgraph.json',
    HTTP_PORT: null,
    RUNLANE_TOPIC_PREFIX: '',
    RUNLANE_ROLES: ['admission', 'execution', 'relay', 'sweeping'],
    RUNLANE_RUN_TIMEOUT_SECONDS: 3600,
    RUNLANE_DRAIN_GRACE_SECONDS: 60,
    RUNLANE_MAX_REQUEST_BYTES: 4_194_304,
    RUNLANE_VALUES_MAX_BYTES: 262_144,
    RUNLANE_MAX_CONCURRENT_RUNS: 16,
    RUNLANE_WORKER_THREADS: 1,
    RUNLANE_WORKER_MEMORY_MB: 1024,
    RUNLANE_NODE_CACHE_MB: 64,
    RUNLANE_LEASE_SECONDS: 6,
    RUNLANE_DATABASE_POOL_SIZE: 10,
    RUNLANE_RETENTION_DAYS: 30,
    RUNLANE_WEBHOOK_ALLOW: [],
    RUNLANE_WEBHOOK_DENY: [],
    RUNLANE_WEBHOOK_PROXY: null,
    RUNLANE_WEBHOOK_PROXY_BY: 'address',
    RUNLANE_WEBHOOK_RETRY_SCHEDULE: [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400],
    RUNLANE_WEBHOOK_MASTER_KEY: ['k'.repeat(32)],
    RUNLANE_WEBHOOK_MAX_BYTES: 262_144,
    RUNLANE_WEBHOOK_MAX_IN_FLIGHT: 256,
    RUNLANE_WEBHOOK_RATES: [],
    RUNLANE_WEBHOOK_SIGNATURES: 'both',
    RUNLANE_WEBHOOK_SECRET_VERSIONS: [],
    RUNLANE_WEBHOOK_KEYS_PORT: null,
    RUNLANE_WEBHOOK_LEASE_SECONDS: 30,
    RUNLANE_WEBHOOK_RETENTION_DAYS: 14,
    RUNLANE_CHECKPOINT_SCHEMA: 'public',
    RUNLANE_CHECKPOINT_RETENTION: 'all',
    RUNLANE_ERROR_STACK_LENGTH: 0,
    RUNLANE_RELOAD_GRAPHS: false,
    RUNLANE_SERVERS: 'processes',
    RUNLANE_CONSOLE_HOST: '127.0.0.1',
    RUNLANE_CONSOLE_PORT: null,
    RUNLANE_CONSOLE_URL: null,
    RUNLANE_CONSOLE_TRACE_URL: null,
    RUNLANE_CONSOLE_ACTIONS: 'off',
    RUNLANE_CONSOLE_AUTH: 'none',
    RUNLANE_CONSOLE_USER_HEADER: 'x-forwarded-user',
    RUNLANE_CONSOLE_OIDC_ISSUER: null,
    RUNLANE_CONSOLE_OIDC_CLIENT_ID: null,
    RUNLANE_CONSOLE_OIDC_CLIENT_SECRET: null,
    RUNLANE_CONSOLE_OIDC_SCOPES: 'openid profile email',
    RUNLANE_CONSOLE_OIDC_CLAIM: 'email',
    RUNLANE_CONSOLE_OIDC_ALLOW: null,
    RUNLANE_CONSOLE_SESSION_KEY: null,
    RUNLANE_CONSOLE_SESSION_SECONDS: 28_800,
    OTEL_SDK_DISABLED: null,
    OTEL_TRACES_EXPORTER: null,
    OTEL_EXPORTER_OTLP_ENDPOINT: null,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: null,
    OTEL_EXPORTER_OTLP_PROTOCOL: null,
    OTEL_EXPORTER_OTLP_HEADERS: null,
    OTEL_TRACES_SAMPLER: null,
    OTEL_TRACES_SAMPLER_ARG: null,
    OTEL_SERVICE_NAME: null,
    OTEL_RESOURCE_ATTRIBUTES: null,
    RUNLANE_LOG_LEVEL: 'info',
  });
});

test('an empty or blank text counts as unset', () => {
  const blank = Object.fromEntries(Object.keys(runlaneVariables.shape).map((name) => [name, ' ']));
  expect(loadConfig(runlaneVariables, { ...blank, ...required })).toEqual(loadConfig(runlaneVariables, required));
  expect(problemsOf({ ...required, DATABASE_URL: '' })).toEqual([expect.stringMatching(/^DATABASE_URL is not set\./)]);
});

test('reads lists with blanks, ports, roles, and zero as a time limit', () => {
  const config = loadConfig(runlaneVariables, {
    ...required,
    KAFKA_BROKERS: ' kafka-0:9092 , kafka-1:9093,',
    HTTP_PORT: ' 8080 ',
    SCHEMA_REGISTRY_URL: 'http://registry:8081/apis/ccompat/v7',
    RUNLANE_ROLES: 'relay, sweeping,relay',
    RUNLANE_RUN_TIMEOUT_SECONDS: '0',
    RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*,https://hooks.internal:8443,http://[::1]:*',
    RUNLANE_WEBHOOK_DENY: '203.0.113.0/24, 2001:db8::/32,api.example.com,*.internal',
    RUNLANE_WEBHOOK_RETRY_SCHEDULE: '5,5, 5',
    RUNLANE_WEBHOOK_MASTER_KEY: `${'a'.repeat(32)},${'b'.repeat(40)}`,
    RUNLANE_TOPIC_PREFIX: 'staging_1.',
  });
  expect(config).toMatchObject({
    KAFKA_BROKERS: ['kafka-0:9092', 'kafka-1:9093'],
    HTTP_PORT: 8080,
    SCHEMA_REGISTRY_URL: 'http://registry:8081/apis/ccompat/v7',
    RUNLANE_ROLES: ['relay', 'sweeping'],
    RUNLANE_RUN_TIMEOUT_SECONDS: 0,
    RUNLANE_WEBHOOK_ALLOW: ['http://127.0.0.1:*', 'https://hooks.internal:8443', 'http://[::1]:*'],
    RUNLANE_WEBHOOK_DENY: ['203.0.113.0/24', '2001:db8::/32', 'api.example.com', '*.internal'],
    RUNLANE_WEBHOOK_RETRY_SCHEDULE: [5, 5, 5],
    RUNLANE_WEBHOOK_MASTER_KEY: ['a'.repeat(32), 'b'.repeat(40)],
    RUNLANE_TOPIC_PREFIX: 'staging_1.',
  });
});

test('a service reads only what it picks', () => {
  const schema = runlaneVariables.pick({ DATABASE_URL: true, RUNLANE_LOG_LEVEL: true });
  const config = loadConfig(schema, { ...required, KAFKA_BROKERS: 'nonsense', RUNLANE_LOG_LEVEL: 'debug' });
  expect(config).toEqual({ secretFiles: {}, DATABASE_URL: 'postgres://u:p@db/runlane', RUNLANE_LOG_LEVEL: 'debug' });
});

describe('problems', () => {
  test('are reported together, each with its variable, what is wrong and what to set', () => {
    expect(problemsOf({ KAFKA_BROKERS: 'kafka', HTTP_PORT: '80.5', RUNLANE_LEASE_SECONDS: '1' })).toEqual([
      'KAFKA_BROKERS must be comma-separated host:port pairs without a scheme, such as kafka-0:9092,kafka-1:9092 (it is "kafka"). For example: KAFKA_BROKERS=127.0.0.1:9092',
      'DATABASE_URL is not set. Postgres with the run ledger, checkpoints, outbox and deliveries. For example: DATABASE_URL=postgres://runlane:password@127.0.0.1:5432/runlane',
      'LANGGRAPH_CONFIG is not set. Path of langgraph.json, which names the graphs. For example: LANGGRAPH_CONFIG=./langgraph.json',
      'HTTP_PORT must be a whole number from 1 to 65535 (it is "80.5"). For example: HTTP_PORT=8080',
      'RUNLANE_LEASE_SECONDS must be a whole number from 2 to 300 (it is "1").',
      'RUNLANE_WEBHOOK_MASTER_KEY is not set. Signs webhooks: any text of at least 32 characters. Several, comma-separated, for rotation: the first is current.',
    ]);
  });

  test('are one error with a stable code, whose message lists them', () => {
    const error = failureOf({ ...required, HTTP_PORT: 'x', RUNLANE_LOG_LEVEL: 'loud' });
    expect(error).toMatchObject({ name: 'ConfigError', code: 'invalid_configuration', retryable: false });
    expect(error.message.split('\n')).toHaveLength(3);
  });

  test.each([
    ['KAFKA_BROKERS', 'SASL_SSL://kafka:9092', 'without a scheme'],
    ['KAFKA_BROKERS', ',', 'must name at least one value'],
    ['KAFKA_BROKERS', 'kafka:9092,[fd00::1]:9092', 'cannot hold an IPv6 address: give it a name'],
    ['KAFKA_BROKERS', 'fd00::1:9092', 'cannot hold an IPv6 address: give it a name'],
    ['KAFKA_BROKERS', 'kafka:99999', 'must have ports from 1 to 65535'],
    ['KAFKA_BROKERS', 'kafka:0', 'must have ports from 1 to 65535'],
    ['KAFKA_BROKERS', "'kafka:9092'", 'Its quotation marks are part of the value: remove them.'],
    ['DATABASE_URL', 'mysql://db/runlane', 'must be a URL such as postgres://'],
    ['DATABASE_URL', 'localhost:5432', 'must be a URL such as postgres://'],
    ['SCHEMA_REGISTRY_URL', 'registry:8081', 'starts with http://'],
    ['LANGGRAPH_CONFIG', '{"graphs":{}}', 'Runlane needs the path of a file'],
    ['LANGGRAPH_CONFIG', ' [1]', 'Runlane needs the path of a file'],
    ['HTTP_PORT', '0', 'from 1 to 65535'],
    ['HTTP_PORT', '1e3', 'from 1 to 65535'],
    ['HTTP_PORT', 'tcp://10.96.0.1:80', 'give the pod enableServiceLinks: false'],
    ['RUNLANE_TOPIC_PREFIX', 'team/a.', 'as Kafka topic names do'],
    ['RUNLANE_TOPIC_PREFIX', 'x'.repeat(201), 'at most 200'],
    ['RUNLANE_ROLES', 'admission,executing', 'some of admission, execution, relay, sweeping'],
    ['RUNLANE_RUN_TIMEOUT_SECONDS', '-1', 'from 0 to 2147483'],
    ['RUNLANE_RUN_TIMEOUT_SECONDS', '9999999999999999999', 'from 0 to 2147483'],
    ['RUNLANE_MAX_REQUEST_BYTES', '4MiB', 'from 1024 to 8388608'],
    ['RUNLANE_VALUES_MAX_BYTES', '4194304', 'from 0 to 3145728'],
    ['RUNLANE_WEBHOOK_ALLOW', 'https://hooks.internal/path', 'no path'],
    ['RUNLANE_WEBHOOK_ALLOW', 'hooks.internal', 'must be comma-separated origins'],
    ['RUNLANE_WEBHOOK_ALLOW', 'https://hooks.internal:70000', 'not from 1 to 65535'],
    ['RUNLANE_WEBHOOK_ALLOW', 'https://hooks.internal:0', 'not from 1 to 65535'],
    ['RUNLANE_WEBHOOK_ALLOW', 'https://300.1.2.3', 'no name and no address'],
    ['RUNLANE_WEBHOOK_DENY', 'https://x', 'CIDRs, addresses or host names'],
    ['RUNLANE_WEBHOOK_DENY', '203.0.113.0/33', 'CIDRs, addresses or host names'],
    ['RUNLANE_WEBHOOK_DENY', '203.0.113', 'CIDRs, addresses or host names'],
    ['RUNLANE_WEBHOOK_DENY', '2001:db8::/129', 'CIDRs, addresses or host names'],
    ['RUNLANE_WEBHOOK_RATES', 'https://hooks.example', 'must be comma-separated rates'],
    ['RUNLANE_WEBHOOK_RATES', 'https://hooks.example/path=1', 'must be comma-separated rates'],
    ['RUNLANE_WEBHOOK_RATES', 'hooks.example=1', 'must be comma-separated rates'],
    ['RUNLANE_WEBHOOK_RATES', 'https://hooks.example=0', 'must be comma-separated rates'],
    ['RUNLANE_WEBHOOK_RATES', 'https://hooks.example=fast', 'must be comma-separated rates'],
    ['RUNLANE_WEBHOOK_SIGNATURES', 'v2', 'must be v1, v1a or both'],
    ['RUNLANE_WEBHOOK_SECRET_VERSIONS', 'https://hooks.example=2', 'needs a slash at its end'],
    ['RUNLANE_WEBHOOK_SECRET_VERSIONS', 'https://hooks.example/a?token=t=2', 'URLs without a query'],
    ['RUNLANE_WEBHOOK_SECRET_VERSIONS', 'https://hooks.example/a=0', 'versions of its secret from 1'],
    ['RUNLANE_WEBHOOK_KEYS_PORT', '0', 'from 1 to 65535'],
    ['RUNLANE_WEBHOOK_PROXY', 'https://proxy:1080', 'http://host:port'],
    ['RUNLANE_WEBHOOK_PROXY', 'http://proxy:1080/path', 'http://host:port'],
    ['RUNLANE_WEBHOOK_RETRY_SCHEDULE', '5,0', 'whole numbers from 1 to 604800'],
    ['RUNLANE_WEBHOOK_MASTER_KEY', `${'a'.repeat(32)},short`, 'at least 32 characters'],
    ['RUNLANE_CHECKPOINT_SCHEMA', 'pg_catalog', 'not starting with pg_'],
    ['RUNLANE_CHECKPOINT_SCHEMA', 'a"b', 'must be a schema name'],
    ['RUNLANE_LOG_LEVEL', 'verbose', 'one of trace, debug, info'],
  ])('of %s with %s', (name, text, wrong) => {
    const problems = problemsOf({ ...required, [name]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} `));
    expect(problems[0]).toContain(wrong);
  });

  test('never quote a secret, JSON, or the credentials of a URL', () => {
    const problems = problemsOf({
      KAFKA_BROKERS: 'https://user:s3cret@kafka',
      DATABASE_URL: 'mysql://u:s3cret@db/x',
      SCHEMA_REGISTRY_URL: 'user:s3cret@registry',
      LANGGRAPH_CONFIG: '{"env":{"OPENAI_API_KEY":"s3cret"}}',
      RUNLANE_WEBHOOK_MASTER_KEY: 's3cret',
    });
    expect(problems).toHaveLength(5);
    expect(problems.join('\n')).not.toContain('s3cret');
  });

  test('of a variable that a service has made optional still have its description', () => {
    const schema = z.object({ DATABASE_URL: runlaneVariables.shape.DATABASE_URL.optional() });
    expect(loadConfig(schema, {})).toEqual({ secretFiles: {} });
    const problems = problemsOf({ DATABASE_URL: 'mysql://u:s3cret@db/x' }, schema);
    expect(problems[0]).toContain('For example: DATABASE_URL=postgres://');
    expect(problems[0]).not.toContain('s3cret');
  });
});

test('unknown RUNLANE_ names are found; names of other services and without the prefix are not', () => {
  const names = unknownRunlaneVariables({
    RUNLANE_WEBHOOK_ALLOWED: 'x',
    RUNLANE_LEASE_SECOND: '6',
    RUNLANE_WEBHOOK_DENY: 'x',
    RUNLANE_ROLES: '',
    KAFKA_BROKER: 'x',
  });
  expect(names).toEqual(['RUNLANE_LEASE_SECOND', 'RUNLANE_WEBHOOK_ALLOWED']);
});

function failureOf(env: NodeJS.ProcessEnv, schema: z.ZodObject = runlaneVariables): ConfigError {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

function problemsOf(env: NodeJS.ProcessEnv, schema?: z.ZodObject): readonly string[] {
  return failureOf(env, schema).problems;
}
