import { absentGauge, boundedLabel, createLoopDelay, createMetrics, createPoolGauges } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { createAdmissionMetrics } from './metrics/admission-metrics.ts';
import { createExecutionMetrics } from './metrics/execution-metrics.ts';
import { createLedgerMetrics } from './metrics/ledger-metrics.ts';
import { createRelayMetrics } from './metrics/relay-metrics.ts';
import { serviceVersion } from './version.ts';

/** Every metric of run-consumer, in one place. */
export type Metrics = ReturnType<typeof createRunConsumerMetrics>;

/** Values of labels that users name, in one process. */
const MAX_GRAPHS = 50;
const MAX_MODELS = 50;

export function createRunConsumerMetrics() {
  const registry: Registry = createMetrics('run-consumer', serviceVersion);
  return {
    registry,
    /** The label of a graph, and that of a model: bounded, whatever names users choose. */
    graphLabel: boundedLabel(MAX_GRAPHS),
    modelLabel: boundedLabel(MAX_MODELS),
    ...createAdmissionMetrics(registry),
    ...createExecutionMetrics(registry),
    ...createRelayMetrics(registry),
    ...createLedgerMetrics(registry),
    addPool: createPoolGauges(registry),
    loopDelay: createLoopDelay(registry),
    schemaOutdated: absentGauge({
      registry,
      name: 'runlane_schema_outdated',
      help: '1 while this process has stopped because the database is of a newer version, 0 when it knows that it is not.',
    }),
  };
}
