import { z } from 'zod';
import { consoleVariables } from './console-variables.ts';
import { kafkaVariables } from './kafka-variables.ts';
import { logLevels } from '../logger.ts';
import { tracingVariables } from '../tracing/variables.ts';
import { brokers, list, optionalUrl, postgresUrl, wholeNumber } from './variable-types.ts';
import { cidrOrName, endpointVersions, originRate, proxyUrl, webhookOrigin } from './webhook-variables.ts';

/** What a run-consumer process may do; RUNLANE_ROLES selects. */
const runRoles = ['admission', 'execution', 'relay', 'sweeping'] as const;
export type RunRole = (typeof runRoles)[number];

const MIB = 1024 * 1024;
/** Setting a Node timer for longer than this many seconds would fire it immediately. */
const LONGEST_TIMER_SECONDS = 2_147_483;

/**
 * Every environment variable of Runlane with its type, default and description. A service picks what it
 * reads: `loadConfig(runlaneVariables.pick({ DATABASE_URL: true, … }), process.env)`.
 */
export const runlaneVariables = z.object({
  KAFKA_BROKERS: brokers().meta({
    description: 'Kafka bootstrap brokers, comma-separated host:port.',
    example: '127.0.0.1:9092',
  }),
  DATABASE_URL: postgresUrl().meta({
    description: 'Postgres with the run ledger, checkpoints, outbox and deliveries.',
    example: 'postgres://runlane:password@127.0.0.1:5432/runlane',
    secret: true,
  }),
  SCHEMA_REGISTRY_URL: optionalUrl().meta({
    description: 'Confluent-compatible schema registry. Unset: values are plain JSON.',
    example: 'http://127.0.0.1:8081',
    secret: true,
  }),
  ...kafkaVariables,
  LANGGRAPH_CONFIG: z
    .string()
    .refine((path) => !/^\s*[{[]/.test(path), {
      error:
        "contains JSON, which is how LangGraph's own images use this name. Runlane needs the path of a file: write the " +
        'JSON into langgraph.json and set its path',
    })
    .meta({ description: 'Path of langgraph.json, which names the graphs.', example: './langgraph.json' }),
  HTTP_PORT: wholeNumber({ min: 1, max: 65_535 }).nullable().default(null).meta({
    description: 'Port of /livez, /readyz and /metrics. Unset: a free port, which is logged.',
    example: '8080',
  }),
  RUNLANE_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,200}$/, {
      error: 'must consist of at most 200 letters, digits, dots, underscores and dashes, as Kafka topic names do',
    })
    .default('')
    .meta({ description: 'Put literally in front of topic and group names.', example: 'staging.' }),
  RUNLANE_ROLES: list(z.enum(runRoles, { error: `must be some of ${runRoles.join(', ')}, comma-separated` }))
    .transform((roles) => [...new Set(roles)])
    .default([...runRoles])
    .meta({ description: 'What this run-consumer does, comma-separated.' }),
  RUNLANE_RUN_TIMEOUT_SECONDS: wholeNumber({ min: 0, max: LONGEST_TIMER_SECONDS })
    .default(3600)
    .meta({ description: 'Time limit of one attempt of a run, in seconds. 0 = none.' }),
  RUNLANE_DRAIN_GRACE_SECONDS: wholeNumber({ min: 0, max: 86_400 })
    .default(60)
    .meta({ description: 'Seconds for which a stopping service may continue the work that it has begun.' }),
  RUNLANE_MAX_REQUEST_BYTES: wholeNumber({ min: 1024, max: 8 * MIB })
    .default(4 * MIB)
    .meta({ description: 'Largest run request, in bytes; a larger one becomes a dead letter. The topic takes 8 MiB.' }),
  RUNLANE_VALUES_MAX_BYTES: wholeNumber({ min: 0, max: 3 * MIB })
    .default(256 * 1024)
    .meta({
      description:
        'Largest final state, and largest list of interrupts, in a status event, in bytes; larger ones are left out. ' +
        'At most 3 MiB, because both have to fit into an event of 8 MiB.',
    }),
  RUNLANE_MAX_CONCURRENT_RUNS: wholeNumber({ min: 1, max: 1000 })
    .default(16)
    .meta({ description: 'Runs executing at the same time in one process.' }),
  RUNLANE_WORKER_THREADS: wholeNumber({ min: 1, max: 64 }).default(1).meta({
    description: 'Threads that execute graphs in one process; the concurrent runs are spread over them.',
  }),
  RUNLANE_WORKER_MEMORY_MB: wholeNumber({ min: 64, max: 65_536 }).default(1024).meta({
    description:
      'Heap that the graphs of each worker thread may keep, in MiB; for a moment it may use 1280 MiB more. When a thread keeps more, its runs continue in processes of their own.',
  }),
  RUNLANE_NODE_CACHE_MB: wholeNumber({ min: 0, max: 65_536 }).default(64).meta({
    description:
      "Size of the cache of node results that the threads of one process share, in MiB, for graphs with LangGraph's InMemoryCache; the least recently used entry is dropped first. 0: each thread has its own, without a limit.",
  }),
  RUNLANE_LEASE_SECONDS: wholeNumber({ min: 2, max: 300 }).default(6).meta({
    description:
      "Lifetime of an executor's lease, in seconds: how soon other processes continue the runs of a crashed one.",
  }),
  RUNLANE_DATABASE_POOL_SIZE: wholeNumber({ min: 2, max: 500 })
    .default(10)
    .meta({ description: 'Most Postgres connections in one process, besides a few dedicated ones.' }),
  RUNLANE_RETENTION_DAYS: wholeNumber({ min: 0, max: 3_650 })
    .default(30)
    .meta({
      description:
        'Days after which finished runs leave the ledger; their run_id is then free again, so keep them longer than the ' +
        'records of the request topic. Published events leave after a day. 0 = everything stays.',
    }),
  RUNLANE_WEBHOOK_ALLOW: list(webhookOrigin())
    .default([])
    .meta({
      description:
        'Origins to which webhooks may go although the policy would deny them, comma-separated, * for any port. Each ' +
        'permits exactly that scheme, host and port, whatever its address.',
      example: 'http://127.0.0.1:*',
    }),
  RUNLANE_WEBHOOK_DENY: list(cidrOrName()).default([]).meta({
    description: "CIDRs and names to which webhooks must not go, such as the deployment's own public addresses.",
    example: '203.0.113.0/24,api.example.com',
  }),
  RUNLANE_WEBHOOK_PROXY: proxyUrl().meta({
    description:
      'HTTP proxy for all webhooks, by CONNECT, in the form http://host:port. Without it they go out directly.',
    example: 'http://egress-proxy:4750',
    secret: true,
  }),
  RUNLANE_WEBHOOK_PROXY_BY: z
    .enum(['address', 'name'], { error: 'must be address or name' })
    .default('address')
    .meta({
      description:
        'What CONNECT to RUNLANE_WEBHOOK_PROXY names: the checked address, or the host name, for a proxy whose rules are by ' +
        'name. Such a proxy resolves the name itself, and has to deny addresses itself.',
    }),
  RUNLANE_WEBHOOK_RETRY_SCHEDULE: list(wholeNumber({ min: 1, max: 604_800 }, 'must be comma-separated whole numbers'))
    .default([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400])
    .meta({ description: 'Seconds to wait before attempts 2, 3, … of a webhook, comma-separated.' }),
  RUNLANE_WEBHOOK_RATES: list(originRate()).default([]).meta({
    description:
      'Most requests per second to an origin, comma-separated. For other origins the rate is found from their 429 answers.',
    example: 'https://hooks.slack.com=1',
  }),
  RUNLANE_WEBHOOK_SIGNATURES: z.enum(['v1', 'v1a', 'both'], { error: 'must be v1, v1a or both' }).default('both').meta({
    description:
      'How webhooks are signed: v1 with a secret that the receiver has, v1a with a private key whose public key is published.',
  }),
  RUNLANE_WEBHOOK_SECRET_VERSIONS: list(endpointVersions())
    .default([])
    .meta({
      description:
        'Versions of the v1 secrets of single URLs, given without their query, comma-separated; versions joined by + all sign. ' +
        'Other URLs have version 1.',
      example: 'https://hooks.example.com/runlane=1+2',
      secret: true,
    }),
  RUNLANE_WEBHOOK_KEYS_PORT: wholeNumber({ min: 1, max: 65_535 })
    .nullable()
    .default(null)
    .meta({
      description:
        'Port that serves the public keys of webhooks and nothing else, so that it can be published: /.well-known/jwks.json and ' +
        '/.well-known/webhook-keys, which HTTP_PORT has in any case.',
      example: '8081',
    }),
  RUNLANE_WEBHOOK_MASTER_KEY: list(
    z.string().min(32, { error: 'must be at least 32 characters long; `openssl rand -hex 32` makes one' }),
  ).meta({
    description:
      'Signs webhooks: any text of at least 32 characters. Several, comma-separated, for rotation: the first is current.',
    secret: true,
  }),
  RUNLANE_WEBHOOK_MAX_BYTES: wholeNumber({ min: 16 * 1024, max: 8 * MIB })
    .default(256 * 1024)
    .meta({
      description:
        'Largest body of a webhook, in bytes. A larger event loses its values, then its interrupts, then its metadata, until it ' +
        'fits, each marked as `values_omitted` is.',
    }),
  RUNLANE_WEBHOOK_MAX_IN_FLIGHT: wholeNumber({ min: 1, max: 10_000 }).default(256).meta({
    description: 'Webhook requests in flight in one process, each with a socket of its own. A URL takes at most 4.',
  }),
  RUNLANE_WEBHOOK_LEASE_SECONDS: wholeNumber({ min: 2, max: 300 }).default(30).meta({
    description:
      'Lifetime of the lease of an origin, in seconds: how soon other dispatchers take over from a crashed one.',
  }),
  RUNLANE_WEBHOOK_RETENTION_DAYS: wholeNumber({ min: 8, max: 3_650 })
    .default(14)
    .meta({
      description:
        'Days after which delivered webhooks leave the ledger, dead ones after twice as many. Must be longer than the retention ' +
        'of the status topic (7 days), because repeated records are recognised by them, and than all attempts take.',
    }),
  RUNLANE_CHECKPOINT_SCHEMA: z
    .string()
    .regex(/^(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}$/, {
      error: 'must be a schema name of at most 63 letters, digits and underscores, not starting with pg_',
    })
    .default('public')
    .meta({ description: "Schema of LangGraph's checkpoint tables; the stock saver looks in public." }),
  RUNLANE_CHECKPOINT_RETENTION: z
    .enum(['all', 'latest'], { error: 'must be all or latest' })
    .default('all')
    .meta({
      description:
        'Checkpoints that threads keep: all, or only the latest, from which they continue. The others are deleted when the ' +
        'thread has no unfinished run; no run can start from them any more.',
    }),
  RUNLANE_ERROR_STACK_LENGTH: wholeNumber({ min: 0, max: 65_536 })
    .default(0)
    .meta({
      description:
        'Longest error.stack in the event of a run whose graph threw, in characters. 0 = none: a stack shows paths and code ' +
        'to everybody who reads events. The log has it in any case.',
    }),
  RUNLANE_RELOAD_GRAPHS: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true')
    .meta({
      description:
        'Whether run-consumer reloads the graphs when a file of their project changes, or an imported file outside of its folder, ' +
        'such as a linked package. For development; true in npm start.',
    }),
  RUNLANE_SERVERS: z
    .enum(['processes', 'containers'], { error: 'must be processes or containers' })
    .default('processes')
    .meta({ description: 'How npm start, npm run infra and the tests run the servers that they start.' }),
  ...consoleVariables,
  ...tracingVariables,
  RUNLANE_LOG_LEVEL: z
    .enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` })
    .default('info')
    .meta({ description: 'Lowest level that is logged.' }),
});
