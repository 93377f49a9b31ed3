/** `runs list` and `runs show`. */
import type { RunStatus } from '@runlane/contracts';
import { openRuns } from '@runlane/run-consumer/ledger';
import type { ListedRun, ShownRun, StoredEvent, Waiting } from '@runlane/run-consumer/ledger';
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import { countOf, sinceOf } from '../input.ts';
import { timeText } from '../output.ts';
import type { Output } from '../output.ts';
import type { Environment } from '../settings.ts';

export type RunListFlags = { thread?: string; status?: RunStatus[]; assistant?: string; since: string; limit: string };

/** Thrown by both: ConfigError; CommandError for what was given, and when the database does not answer. */
export async function listRuns(flags: RunListFlags, environment: Environment, output: Output): Promise<void> {
  const selection = {
    ...(flags.thread === undefined ? {} : { threadId: flags.thread }),
    ...(flags.status === undefined ? {} : { statuses: flags.status }),
    ...(flags.assistant === undefined ? {} : { assistant: flags.assistant }),
    endedSince: sinceOf(flags.since, Date.now(), '--since'),
    limit: countOf(flags.limit, '--limit'),
  };
  await withDatabase(environment, async ({ database, place }) => {
    const runs = await openRuns(database).list(selection);
    if (runs.length === 0) {
      output.say(
        `No such run in ${place}. Ended runs are shown since ${timeText(selection.endedSince)}; change that with --since.`,
      );
      return;
    }
    output.printTable(
      ['RUN', 'THREAD', 'GRAPH', 'STATUS', 'ATTEMPT', 'CREATED', 'ENDED', 'WAITS FOR, OR WHY'],
      runs.map((run) => ({ object: runJson(run), cells: cellsOf(run) })),
    );
    if (runs.length === selection.limit) output.say(`There may be more than ${selection.limit}: see --limit.`);
  });
}

export async function showRun(runId: string, environment: Environment, output: Output): Promise<void> {
  await withDatabase(environment, async ({ database, place }) => {
    const run = await openRuns(database).show(runId);
    if (run === null) throw new CommandError(unknownRun(runId, place));
    output.print(
      { ...runJson(run), request: run.request, events: run.events.map(eventJson) },
      [...linesOf(run), '', 'Events', ...eventLines(run), '', 'Request', JSON.stringify(run.request, null, 2)].join(
        '\n',
      ),
    );
  });
}

/** Where a run was looked for, and where else it may be. */
function unknownRun(runId: string, place: string): string {
  return (
    `No run ${runId} in the ledger of ${place} (table runlane.runs). A request that was not read yet is not there, nor one ` +
    'that became a dead letter (`runlane dlq list`), nor a run that ended longer ago than RUNLANE_RETENTION_DAYS. Of the ' +
    'status topic `runlane watch --run` shows what is left.'
  );
}

/** Why a run does not go on, for people. */
export function waitingText(waiting: Waiting): string {
  switch (waiting.kind) {
    case 'scheduled':
      return `scheduled for ${timeText(waiting.until)}`;
    case 'behind':
      return `behind run ${waiting.runId}${othersText(waiting.aheadCount - 1)}`;
    case 'no_graph':
      return `no process has graph ${waiting.graphId}: start a run-consumer whose langgraph.json names it`;
    case 'ending':
      return 'nothing: it was superseded or cancelled with many others, and its event will follow';
    case 'no_process':
      return 'no process executes runs: start a run-consumer with the role execution';
    case 'restored_ledger':
      return 'the ledger was restored or failed over: runs are claimed after the time of a lease';
    case 'limit':
      return (
        `limit: ${waiting.processCount} processes execute ${waiting.executingCount} runs; start another one, or raise ` +
        'RUNLANE_MAX_CONCURRENT_RUNS'
      );
    case 'executing': {
      const where = waiting.host === null ? 'its process is gone; another one will take it over' : `on ${waiting.host}`;
      return waiting.isAskedToStop ? `asked to stop; ${where}` : where;
    }
  }
}

/** Most runs of a lane that are counted. */
const COUNTED = 999;

function othersText(count: number): string {
  if (count === 0) return '';
  return count < COUNTED ? ` and ${count} more` : ` and ${COUNTED} or more`;
}

function waitingJson(waiting: Waiting): object {
  switch (waiting.kind) {
    case 'scheduled':
      return { kind: waiting.kind, until: waiting.until };
    case 'behind':
      return { kind: waiting.kind, run_id: waiting.runId, ahead_count: waiting.aheadCount };
    case 'no_graph':
      return { kind: waiting.kind, graph_id: waiting.graphId };
    case 'ending':
    case 'no_process':
    case 'restored_ledger':
      return { kind: waiting.kind };
    case 'limit': {
      const { kind, graphId, executingCount, processCount } = waiting;
      return { kind, graph_id: graphId, executing_count: executingCount, process_count: processCount };
    }
    case 'executing':
      return { kind: waiting.kind, host: waiting.host, is_asked_to_stop: waiting.isAskedToStop };
  }
}

/** The run as one object, with the names that events have. */
export function runJson(run: ListedRun) {
  return {
    run_id: run.runId,
    thread_id: run.threadId,
    assistant_id: run.assistantId,
    graph_id: run.graphId,
    status: run.status,
    reason: run.reason,
    waits_for: run.waitsFor === null ? null : waitingJson(run.waitsFor),
    attempt: run.attempt,
    multitask_strategy: run.multitaskStrategy,
    blocked_by: run.blockedBy,
    superseded_by: run.supersededBy,
    metadata: run.metadata,
    created_at: run.createdAt,
    run_started_at: run.runStartedAt,
    run_ended_at: run.runEndedAt,
    source: { ...run.source, offset: String(run.source.offset) },
    event_count: run.eventCount,
  };
}

function eventJson(event: StoredEvent): object {
  const { eventId, type, sequence, attempt, occurredAt, publishedAt, threadStatus, details } = event;
  const when = { occurred_at: occurredAt, published_at: publishedAt };
  return { event_id: eventId, type, sequence, attempt, ...when, thread_status: threadStatus, ...details };
}

function cellsOf(run: ListedRun): string[] {
  const why = run.waitsFor === null ? (run.reason ?? '') : waitingText(run.waitsFor);
  const times = [timeText(run.createdAt), timeText(run.runEndedAt)];
  return [run.runId, run.threadId, run.graphId ?? run.assistantId, run.status, String(run.attempt), ...times, why];
}

function linesOf(run: ShownRun): string[] {
  const { topic, partition, offset } = run.source;
  const told: [string, string | null][] = [
    ['Run', run.runId],
    ['Thread', run.threadId],
    ['Assistant', run.assistantId],
    ['Graph', run.graphId],
    ['Status', run.status],
    ['Waits for', run.waitsFor === null ? null : waitingText(run.waitsFor)],
    ['Reason', run.reason],
    ['Blocked by', run.blockedBy],
    ['Superseded by', run.supersededBy],
    ['Strategy', run.multitaskStrategy],
    ['Attempts', String(run.attempt)],
    ['Created', timeText(run.createdAt)],
    ['Started', timeText(run.runStartedAt)],
    ['Ended', timeText(run.runEndedAt)],
    ['Request', `${topic}/${partition}/${offset}`],
    ['Metadata', JSON.stringify(run.metadata)],
  ];
  return told.filter(([, text]) => text !== null && text !== '').map(([name, text]) => `${name.padEnd(14)} ${text}`);
}

function eventLines({ events, eventCount }: ShownRun): string[] {
  const gone = eventCount - events.length;
  const left =
    gone > 0
      ? [`  ${gone} earlier events are no longer in the ledger, which deletes published events after a day.`]
      : [];
  const lines = events.map(({ sequence, occurredAt, type, attempt, details, publishedAt }) => {
    const said = [details.reason, details.error?.message, publishedAt === null ? 'not published yet' : undefined];
    const what = said.filter((text) => text !== undefined).join('; ');
    return `  ${sequence}  ${occurredAt.toISOString()}  attempt ${attempt}  ${type}${what === '' ? '' : `  ${what}`}`;
  });
  return [...left, ...lines];
}
