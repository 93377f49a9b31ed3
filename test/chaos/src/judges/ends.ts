import type { RunStatusEvent } from '@runlane/contracts';
import { distinctEvents, isTerminal } from '../history.ts';
import type { History, LoggedRequest, Problem } from '../history.ts';

/**
 * I1, I5, I6, I11: no graph of the workload fails by itself, so no run fails; every valid request has one run, which ends in one terminal event; its events are numbered without a gap, and one
 * that is published again is the same. Every record that is no request has one dead letter, and no other record has one.
 */
export function judgeEnds(history: History): Problem[] {
  const byRun = Map.groupBy(distinctEvents(history), (event) => event.run_id);
  const runIds = new Set(history.requests.filter(isCreate).map(({ body }) => String(body?.['run_id'])));
  return [
    ...[...runIds].filter((runId) => !byRun.has(runId)).map((runId) => lost(`run ${runId} has no event`)),
    ...[...byRun].flatMap(([runId, events]) => [
      ...problemsOfRun(runId, events),
      ...(runIds.has(runId) || isConflict(events) ? [] : [lost(`run ${runId} was not asked for`)]),
    ]),
    ...repeats(history),
    ...deadLetters(history),
  ];
}

/** The rejection of a request under the run_id of another one has an id of its own. */
function isConflict(events: readonly RunStatusEvent[]): boolean {
  return events.length === 1 && events[0]?.reason === 'run_id_conflict';
}

function isCreate({ body, isCancel }: LoggedRequest): boolean {
  return body !== null && !isCancel;
}

function problemsOfRun(runId: string, events: readonly RunStatusEvent[]): Problem[] {
  const thread = events[0]?.thread_id ?? null;
  const problems: Problem[] = [];
  const endCount = events.filter(isTerminal).length;
  if (endCount !== 1) problems.push({ law: 'I1', thread, what: `run ${runId} has ${endCount} terminal events` });
  if (events.some(({ sequence }, index) => sequence !== index + 1)) {
    const sequences = events.map(({ sequence, type }) => `${sequence} ${type}`).join(', ');
    problems.push({ law: 'I6', thread, what: `run ${runId} has the events ${sequences}` });
  }
  const failure = events.find(({ type }) => type === 'run.failed' || type === 'run.timed_out');
  // Faults that end processes may hit one run in each of its attempts.
  if (failure !== undefined && failure.reason !== 'attempts_exhausted') {
    problems.push({ law: 'I11', thread, what: `run ${runId} has failed: ${failure.reason} ${failure.error?.message}` });
  }
  const starts = events.filter(({ type }) => type === 'run.running').map(({ attempt }) => attempt);
  if (starts.some((attempt, index) => attempt !== (starts[index - 1] ?? 0) + 1 && attempt !== starts[index - 1])) {
    problems.push({ law: 'I5', thread, what: `run ${runId} has begun as attempts ${starts.join(', ')}` });
  }
  const last = events.at(-1);
  if (last !== undefined && last.attempt !== (starts.at(-1) ?? 0)) {
    problems.push({
      law: 'I5',
      thread,
      what: `run ${runId} has ended as attempt ${last.attempt}, not ${starts.at(-1)}`,
    });
  }
  return problems;
}

function repeats({ events }: History): Problem[] {
  return [...Map.groupBy(events, ({ event }) => event.event_id)].flatMap(([eventId, records]) => {
    const isSame = new Set(records.map(({ bytes }) => bytes)).size === 1;
    const thread = records[0]?.event.thread_id ?? null;
    return isSame ? [] : [{ law: 'I6', thread, what: `event ${eventId} was published with different contents` }];
  });
}

function deadLetters({ requests, deadLetters: found }: History): Problem[] {
  const wanted = new Set(requests.filter(({ body }) => body === null).map(coordinatesOf));
  const seen = new Set(found);
  return [
    ...[...wanted].filter((place) => !seen.has(place)).map((place) => lost(`record ${place} has no dead letter`)),
    ...[...seen]
      .filter((place) => !wanted.has(place))
      .map((place) => lost(`record ${place} is a request and a dead letter`)),
  ];
}

function coordinatesOf({ partition, offset }: { partition: number; offset: bigint }): string {
  return `${partition}/${offset}`;
}

function lost(what: string): Problem {
  return { law: 'I1', thread: null, what };
}
