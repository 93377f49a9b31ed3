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

/** Options of Node for services that have the fault. Thrown when there is none of the name. */
export function plantOptions(name: string | null): string[] {
  if (name === null) return [];
  if (!PLANTS.has(name)) throw new Error(`There is no plant ${name}. Plants: ${[...PLANTS.keys()].join(', ')}.`);
  return [`--import=${pathToFileURL(join(import.meta.dirname, 'plant-hook.ts')).href}?plant=${name}`];
}
