/**
 * The verdict on a run request, by the state of its thread when its turn in the log comes (I2). A run is in flight while
 * it is pending, running or scheduled.
 *
 *                 nothing in flight    runs in flight
 *   enqueue       accept               accept
 *   reject        accept               reject `thread_busy`, blocked by the oldest of them
 *   interrupt     accept               accept; all of them are superseded and end interrupted
 *   rollback      accept               accept; all of them are superseded and rolled back
 *
 * An accepted run is placed, after what it supersedes is gone:
 *   after_seconds                      schedule: it joins the lane when its time comes, behind what is there by then
 *   nothing in the lane                start
 *   a run in the lane                  enqueue behind it; a running one that was superseded still has to stop (I9)
 *
 * Before the strategy is looked at, in this order:
 *   same run_id, same request           repeat: nothing happens (I4)
 *   same run_id, another request        reject `run_id_conflict`, under the record's own id
 *   reserved config keys                reject `reserved_config_key`
 *   unknown assistant                   reject `unknown_assistant`
 *   webhook against the policy          reject `webhook_refused`
 *   thread missing, if_not_exists       reject `thread_not_found`
 *   its status not in if_thread_status  reject `thread_status`; a missing thread is idle
 */
import { reservedConfigKeys } from '@runlane/contracts';
import type { CancelAction, RejectedReason, ThreadStatus } from '@runlane/contracts';
import { resolveAssistant } from './assistant-directory.ts';
import type { Assistant, AssistantDirectory } from './assistant-directory.ts';
import { headOf, statusOf, withoutRuns } from './lane.ts';
import type { Lane, RecordPlace } from './lane.ts';
import type { RunRequest } from './run-request.ts';
import { statusProblem } from './thread-status.ts';

/** What the ledger knows of an earlier run. */
export type KnownRun = {
  runId: string;
  threadId: string;
  fingerprint: string;
  source: RecordPlace;
  /** It has ended, is marked to end (see lane-mark.ts), or was rejected. */
  isFinished: boolean;
};

/** What an accepted run does to everything in flight on its thread. */
type Accepted = { assistant: Assistant; supersedes: CancelAction | null };

export type Verdict =
  | { kind: 'repeat' }
  | ({ kind: 'start' } & Accepted)
  | ({ kind: 'enqueue'; behind: string } & Accepted)
  /** The run joins its lane later; until then it only keeps the thread busy. */
  | ({ kind: 'schedule'; inSeconds: number } & Accepted)
  | {
      kind: 'reject';
      because: RejectedReason;
      message: string;
      blockedBy: string | null;
      /** Status of the thread, when that is the reason. */
      seen: ThreadStatus | null;
      assistant: Assistant | null;
    };

/**
 * Decides on one request.
 *
 * @param known the earlier run with the request's `run_id`, or null
 * @param lane the request's thread after all earlier requests
 */
export function admit(
  request: RunRequest,
  known: KnownRun | null,
  lane: Lane,
  assistants: AssistantDirectory,
): Verdict {
  const resolution = resolveAssistant(request.request.assistant_id, assistants);
  const reject = (
    because: RejectedReason,
    message: string,
    blockedBy: string | null = null,
    seen: ThreadStatus | null = null,
  ): Verdict => ({
    kind: 'reject',
    because,
    message,
    blockedBy,
    seen,
    assistant: resolution.kind === 'found' ? resolution.assistant : null,
  });
  if (known !== null) {
    if (known.fingerprint === request.fingerprint) return { kind: 'repeat' };
    return reject(
      'run_id_conflict',
      `run_id ${request.runId} belongs to another request. Give each new request a run_id of its own, or none.`,
      known.runId,
    );
  }
  const reserved = reservedConfigKeys(request.request.config?.configurable ?? null);
  if (reserved.length > 0) {
    return reject(
      'reserved_config_key',
      `config.configurable sets ${reserved.join(', ')}, which Runlane sets itself. Remove it.`,
    );
  }
  if (resolution.kind === 'unknown') return reject('unknown_assistant', resolution.message);
  const { assistant } = resolution;
  if (request.webhookRefusal !== null) return reject('webhook_refused', `webhook: ${request.webhookRefusal}`);
  if (request.request.if_not_exists === 'reject' && !lane.exists) {
    return reject(
      'thread_not_found',
      `Thread ${lane.threadId} does not exist, and if_not_exists is reject. Use create, or an existing thread.`,
    );
  }
  const seen = statusOf(lane) ?? 'idle';
  const problem = statusProblem(request.request, lane.threadId, seen);
  if (problem !== null) return reject('thread_status', problem, null, seen);
  const [oldest] = lane.inFlight;
  const { multitask_strategy: strategy } = request.request;
  if (oldest !== undefined && strategy === 'reject') {
    return reject(
      'thread_busy',
      `Run ${oldest.runId} of thread ${lane.threadId} has not ended, and multitask_strategy is reject. ` +
        'Send the request again after its end, or choose another strategy.',
      oldest.runId,
    );
  }
  const supersedes = oldest !== undefined && (strategy === 'interrupt' || strategy === 'rollback') ? strategy : null;
  return place(request, supersedes === null ? lane : withoutRuns(lane, () => true, supersedes), {
    assistant,
    supersedes,
  });
}

function place(request: RunRequest, lane: Lane, accepted: Accepted): Verdict {
  const inSeconds = request.request.after_seconds ?? 0;
  if (inSeconds > 0) return { kind: 'schedule', inSeconds, ...accepted };
  const head = headOf(lane);
  return head === null ? { kind: 'start', ...accepted } : { kind: 'enqueue', behind: head.runId, ...accepted };
}
