import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FaultKind } from './faults.ts';

/**
 * A fault that is planted into the services: texts of a source file that are replaced as it is loaded. `law`: the judge that
 * has to find it; `kinds`: the faults without which it has no effect.
 */
export type Plant = { law: string; file: string; find: string; replace: string; kinds: readonly FaultKind[] };

const RUN_CONSUMER = 'services/run-consumer/src';

/** One for each law whose violation is visible from outside. The product has no flag for this: a loader patches the modules. */
export const PLANTS: ReadonlyMap<string, Plant> = new Map<string, Plant>([
  [
    'loses-ends',
    {
      law: 'I1',
      file: `${RUN_CONSUMER}/app/relay/publish-events.ts`,
      find: 'await Promise.all(events.map(',
      replace: "await Promise.all(events.filter(({ event }) => event.type !== 'run.interrupted').map(",
      kinds: [],
    },
  ],
  [
    'admits-beside-others',
    {
      law: 'I2',
      file: `${RUN_CONSUMER}/domain/admission.ts`,
      find: "if (oldest !== undefined && strategy === 'reject') {",
      replace: "if (oldest !== undefined && strategy === 'reject' && lane.threadId === '') {",
      kinds: [],
    },
  ],
  [
    'takes-conflicts-for-repeats',
    {
      law: 'I1',
      file: `${RUN_CONSUMER}/domain/admission.ts`,
      find: 'if (known.fingerprint === request.fingerprint)',
      replace: 'if (known.fingerprint !== null)',
      kinds: [],
    },
  ],
  [
    'takes-repeats-for-conflicts',
    {
      law: 'I4',
      file: `${RUN_CONSUMER}/domain/admission.ts`,
      find: 'if (known.fingerprint === request.fingerprint)',
      replace: "if (known.fingerprint === request.fingerprint && lane.threadId === '')",
      kinds: [],
    },
  ],
  [
    'claims-without-event',
    {
      law: 'I5',
      file: `${RUN_CONSUMER}/adapters/postgres/sql/claim-runs.sql`,
      find: 'end, run_started_at\n  from claimed',
      replace: 'end, run_started_at\n  from claimed where attempt > 1',
      kinds: [],
    },
  ],
  [
    'publishes-backwards',
    {
      law: 'I6',
      file: `${RUN_CONSUMER}/app/relay/publish-events.ts`,
      find: 'await Promise.all(events.map(',
      replace: 'await Promise.all(events.toReversed().map(',
      kinds: ['freeze-kafka'],
    },
  ],
  [
    'applies-input-again',
    {
      law: 'I7',
      file: 'packages/checkpoint/src/run-saver.ts',
      find: '...told, run_id: this.#claim.runId }',
      replace: '...told, run_id: String(Math.random()) }',
      kinds: ['kill-consumer'],
    },
  ],
  [
    'keeps-what-was-rolled-back',
    {
      law: 'I8',
      file: `${RUN_CONSUMER}/adapters/postgres/run-settlements.ts`,
      find: 'if (rolledBack.length === 0) return;',
      replace: 'if (rolledBack.length >= 0) return;',
      kinds: [],
    },
  ],
  [
    'ends-before-its-nodes',
    {
      law: 'I3',
      file: `${RUN_CONSUMER}/adapters/langgraph/attempt/graph-runner.ts`,
      find: 'await nodes.ended();',
      replace: 'await Promise.resolve();',
      kinds: [],
    },
  ],
  [
    'settles-while-nodes-execute',
    {
      law: 'I9',
      file: `${RUN_CONSUMER}/adapters/langgraph/attempt/graph-runner.ts`,
      find: 'await nodes.ended();',
      replace: 'void nodes.ended();',
      kinds: [],
    },
  ],
  [
    'waits-for-stuck-runs',
    {
      law: 'I10',
      file: `${RUN_CONSUMER}/app/execution/execute-runs.ts`,
      find: 'const free = settings.maxConcurrentRuns - this.#executing.size;',
      replace: 'const free = 1 - this.#executing.size;',
      kinds: [],
    },
  ],
  [
    'takes-outages-for-errors',
    {
      law: 'I11',
      file: 'packages/checkpoint/src/outage.ts',
      find: 'return (isDatabaseUnavailable(error) || isDenied(error)) &&',
      replace: 'return error === null &&',
      kinds: ['cut-postgres', 'kill-postgres'],
    },
  ],
  [
    'dies-of-sigterm',
    {
      law: 'I12',
      file: 'packages/service-kit/src/lifecycle/endings.ts',
      find: "const STOP_SIGNALS = ['SIGTERM', 'SIGINT'];",
      replace: "const STOP_SIGNALS = ['SIGINT'];",
      kinds: ['restart-consumer'],
    },
  ],
  [
    'connects-anywhere',
    {
      law: 'I13',
      file: 'packages/webhooks/src/policy.ts',
      find: 'rulesByHost.get(hostnameOf(url))?.some((rule) => permits(rule, url)) ?? false;',
      replace: 'rulesByHost !== null || url === null;',
      kinds: [],
    },
  ],
  [
    'logs-webhook-urls',
    {
      law: 'I13',
      file: 'services/webhook-dispatcher/src/wiring/delivery.ts',
      find: 'url_hash: delivery.urlHash,',
      replace: 'url_hash: delivery.url,',
      kinds: [],
    },
  ],
  [
    'forgets-webhooks',
    {
      law: 'I14',
      file: 'services/webhook-dispatcher/src/adapters/kafka/read-event.ts',
      find: 'if (event.webhook === null)',
      replace: "if (event.webhook === null || event.type === 'run.interrupted')",
      kinds: [],
    },
  ],
]);

/** The name. Thrown when there is no plant of it. */
export function plantNamed(name: string): string {
  if (!PLANTS.has(name)) throw new Error(`There is no plant ${name}. Plants: ${[...PLANTS.keys()].join(', ')}.`);
  return name;
}

/** Options of Node for services that have the fault. */
export function plantOptions(name: string): string[] {
  return [`--import=${pathToFileURL(join(import.meta.dirname, 'plant-hook.ts')).href}?plant=${name}`];
}
