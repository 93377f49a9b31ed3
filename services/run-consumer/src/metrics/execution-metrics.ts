import { readGauge } from '@runlane/service-kit';
import type { Registry } from '@runlane/service-kit';
import { Counter, Histogram } from 'prom-client';
import { WORKER_ENDS } from '../adapters/langgraph/worker/worker-events.ts';
import { RESCUED } from '../app/sweeping/rescue-stranded-runs.ts';
import { SECONDS } from './buckets.ts';

/** Execution: how long runs take, how they end, what they use, and what happens to their workers. */
export function createExecutionMetrics(registry: Registry) {
  const registers = [registry];
  const rescues = new Counter({
    name: 'runlane_run_rescues_total',
    help: 'Runs whose process died or stopped answering, by result: requeued; failed, without a further attempt; stopped, as requested.',
    labelNames: ['result'] as const,
    registers,
  });
  const endedWorkers = new Counter({
    name: 'runlane_workers_ended_total',
    help: 'Worker threads, and processes of single runs, that ended unexpectedly.',
    labelNames: ['why'] as const,
    registers,
  });
  // Prometheus sees no increase in the first sample of a series: without a 0 before it, the first events would raise no alarm.
  for (const result of RESCUED) rescues.inc({ result }, 0);
  for (const why of WORKER_ENDS) endedWorkers.inc({ why }, 0);
  return {
    startDelay: new Histogram({
      name: 'runlane_run_start_delay_seconds',
      help: 'Time for which runs were ready (first in their lane and due) before a process claimed them.',
      buckets: SECONDS,
      registers,
    }),
    attempts: new Histogram({
      name: 'runlane_run_attempt_seconds',
      help: 'Attempts by graph and by how they ended.',
      labelNames: ['graph_id', 'outcome'] as const,
      buckets: SECONDS,
      registers,
    }),
    failures: new Counter({
      name: 'runlane_run_failures_total',
      help: 'Runs that failed, by graph and reason.',
      labelNames: ['graph_id', 'reason'] as const,
      registers,
    }),
    handedBack: new Counter({
      name: 'runlane_runs_handed_back_total',
      help: 'Attempts that were handed back to another process, by cause; `spent` says whether that cost the run an attempt.',
      labelNames: ['cause', 'spent'] as const,
      registers,
    }),
    modelCalls: new Counter({
      name: 'runlane_model_calls_total',
      help: 'Calls of chat models that reported their usage.',
      labelNames: ['model'] as const,
      registers,
    }),
    modelTokens: new Counter({
      name: 'runlane_model_tokens_total',
      help: 'Tokens that chat models reported: input and output, and among these the cached and the reasoning ones.',
      labelNames: ['model', 'kind'] as const,
      registers,
    }),
    executing: readGauge({ registry, name: 'runlane_runs_executing', help: 'Runs executing in this process.' }),
    capacity: readGauge({
      registry,
      name: 'runlane_runs_capacity',
      help: 'The most runs that this process executes at the same time.',
    }),
    leaseHeld: readGauge({
      registry,
      name: 'runlane_executor_lease_held',
      help: '1 while this process holds the lease under which its runs execute, else 0.',
    }),
    clockOffset: readGauge({
      registry,
      name: 'runlane_clock_offset_seconds',
      help: "How far the clock of this host is at least ahead of the database's; below 0 when it is behind. More than 10 seconds apart, no runs are claimed.",
    }),
    leaseLosses: new Counter({ name: 'runlane_lease_losses_total', help: 'Executor leases lost.', registers }),
    unsettled: readGauge({
      registry,
      name: 'runlane_settlements_waiting',
      help: 'Attempts that have ended but are not settled in the ledger yet; the log explains a lasting one in settlement.*.',
    }),
    rescues,
    uncaughtErrors: new Counter({
      name: 'runlane_graph_uncaught_errors_total',
      help: 'Errors and rejections that a graph left uncaught; graph_id is empty outside of a run.',
      labelNames: ['graph_id'] as const,
      registers,
    }),
    deafGraphs: new Counter({
      name: 'runlane_graph_deaf_aborts_total',
      help: 'Attempts that did not end in time after an abort, so that their thread was ended.',
      labelNames: ['graph_id'] as const,
      registers,
    }),
    silentWorkers: new Counter({
      name: 'runlane_worker_silences_total',
      help: 'Times that a worker thread stopped answering, because its event loop was blocked.',
      registers,
    }),
    workerDelay: new Histogram({
      name: 'runlane_worker_loop_delay_seconds',
      help: 'Time that worker threads took to answer, four times a second: their event loop was busy for that time.',
      buckets: SECONDS,
      registers,
    }),
    workerHeap: new Histogram({
      name: 'runlane_worker_heap_ratio',
      help: 'Heap of worker threads while they execute runs, measured ten times a second, as a part of RUNLANE_WORKER_MEMORY_MB. Garbage is included: a thread ends only when it keeps more than 1.',
      buckets: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 5],
      registers,
    }),
    endedWorkers,
  };
}
