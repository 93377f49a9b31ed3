/**
 * The inside of a worker thread: graphs, their saver and their store, and nothing of Kafka, claims or leases. It may block,
 * run out of memory or crash; the main thread detects that and takes care of the runs.
 */
import { workerData } from 'node:worker_threads';
import { GroupCommit, createBatchWriter } from '@runlane/checkpoint';
import { createPool, refusalIn } from '@runlane/postgres';
import { createLogger, openTracing } from '@runlane/service-kit';
import type { Outcome } from '../../../../domain/run.ts';
import { currentDatabaseUrl } from '../../../../database-files.ts';
import { compileByGraph } from '../../project/compile-by-graph.ts';
import { describeError } from '../../attempt/describe-error.ts';
import { GraphRegistry } from '../../graphs/graph-registry.ts';
import { createGraphRunner } from '../../attempt/graph-runner.ts';
import { loadEmbeddings } from '../../store/store-embeddings.ts';
import { openStore } from '../../store/store.ts';
import { createRunSavers } from '../../attempt/run-savers.ts';
import { runScope } from '../../attempt/run-scope.ts';
import { tellOutsideModules } from '../../project/outside-modules.ts';
import { abortReasonOf } from '../abort-message.ts';
import { BeginTicket } from '../begin-ticket.ts';
import { SharedCaches } from '../../cache/shared-caches.ts';
import { collectGarbage } from './collect-garbage.ts';
import { flushTraces } from '../flush-traces.ts';
import { resolveAliasesByGraph } from './graph-tsconfigs.ts';
import { LeaseEnd } from '../lease-end.ts';
import { loadProjectModules } from './load-project-modules.ts';
import { provideLoggers } from './provide-loggers.ts';
import { hideThread } from './script-surroundings.ts';
import type { AttemptKey, FromThread, ToThread, WorkerData } from '../messages.ts';

const { settings, leaseEnd: leaseEndBuffer, port } = workerData as WorkerData;
const leaseEnd = new LeaseEnd(leaseEndBuffer);
const { database, checkpointSchema: schema } = settings;
const databaseUrl = () => currentDatabaseUrl(database);
const logger = createLogger({ service: 'run-consumer.graphs', level: settings.logLevel });
const tracing = await openTracing(settings.tracing ?? null, logger);
const tell = (message: FromThread) => port.postMessage(message);
const onRefused = (error: unknown): void => {
  const refusal = refusalIn(error);
  if (refusal !== null) tell({ type: 'met', event: { kind: 'refused', refusal } });
};
const pool = createPool({
  url: databaseUrl,
  max: settings.poolSize,
  applicationName: 'run-consumer graphs',
  onRefused,
  logger,
});
const commits = new GroupCommit(createBatchWriter(pool, schema), {
  onHeld: ({ error, attempt, operationCount }) =>
    logger.warn({ err: error, attempt, operations: operationCount }, 'checkpoints.wait_for_database'),
});

const flushLines = provideLoggers(logger);
loadProjectModules(settings.tsconfig, logger);
hideThread();
const graphFiles = settings.graphs.map(({ file }) => file);
resolveAliasesByGraph(graphFiles, settings.tsconfig, logger);
compileByGraph(graphFiles, settings.tsconfig);
if (settings.tellsModules === true) tellOutsideModules(settings.directory);
const { index } = settings.store;
const embeddings = index === null ? null : await loadEmbeddings(index);
const caches = settings.sharesCaches === true ? new SharedCaches(tell) : null;
const graphs = new GraphRegistry(settings.graphs, logger, {
  onGraph: (graphId, graph) => caches?.share(graphId, graph),
  loadLimitMs: settings.loadLimitMs,
  onLoading: (graphId) => tell({ type: 'loading', graphId }),
  onLoaded: (graphId) => tell({ type: 'loaded', graphId }),
});
const runGraph = createGraphRunner({
  graphs,
  newSaver: createRunSavers({ pool, schema, commits, isClockWrong: () => leaseEnd.isClockWrong() }),
  mayBegin: () => !leaseEnd.isOver(),
  store: openStore({ databaseUrl, schema, settings: settings.store, embeddings, onRefused, logger }),
  stackLength: settings.stackLength,
  tracing,
  logger,
});

type Attempt = { abort: AbortController; drain: AbortController };
const attempts = new Map<AttemptKey, Attempt>();

/** The attempt ends, whatever the outcome contains. */
function tellOutcome(key: AttemptKey, outcome: Outcome): void {
  try {
    tell({ type: 'ended', key, outcome });
  } catch (error) {
    logger.error({ err: error, attempt_key: key }, 'outcome.not_told');
    tell({
      type: 'ended',
      key,
      outcome: { kind: 'failed', reason: 'graph_error', error: describeError(error), head: null },
    });
  }
}

// A promise that a node left behind belongs to no run any more, and must not end the other runs.
process.on('unhandledRejection', (error) => tellUncaught(error, 'graph.unhandled_rejection'));

// The same holds for an error in a callback, such as that of a client whose server is gone: LangGraph's own server goes on as well.
process.on('uncaughtException', (error) => tellUncaught(error, 'graph.uncaught_exception'));

function tellUncaught(error: unknown, message: string): void {
  const scope = runScope();
  logger.error({ err: error, ...scope }, message);
  const graphId = 'graph_id' in scope ? scope.graph_id : null;
  tell({ type: 'met', event: { kind: 'uncaught_error', graphId } });
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'ping':
      tell({ type: 'pong' });
      return;
    case 'collect':
      tell({ type: 'collected', usedBytes: collectGarbage() });
      return;
    case 'start': {
      // Otherwise the attempt was placed elsewhere, because this thread did not answer.
      if (message.ticket !== null && !new BeginTicket(message.ticket).take()) return;
      tell({ type: 'began', key: message.key });
      const started = { abort: new AbortController(), drain: new AbortController() };
      attempts.set(message.key, started);
      void runGraph(message.run, { abort: started.abort.signal, drain: started.drain.signal }).then((outcome) => {
        attempts.delete(message.key);
        tellOutcome(message.key, outcome);
      });
      return;
    }
    case 'cached':
      caches?.answered(message);
      return;
    case 'abort':
      attempts.get(message.key)?.abort.abort(abortReasonOf(message.reason));
      return;
    case 'drain':
      attempts.get(message.key)?.drain.abort();
      return;
    case 'finish':
      flushLines();
      void Promise.all([flushTraces(graphFiles), tracing?.flush()])
        .catch((error: unknown) => logger.warn({ err: error }, 'traces.not_flushed'))
        .then(() => tell({ type: 'finished' }));
      return;
  }
});

await graphs.loadAll();
tell({ type: 'ready' });
