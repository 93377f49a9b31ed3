/** What the codes of reasons.ts mean, for documents that are generated. */
import type { DeadLetterCode, FailedReason, RejectedReason, SucceededReason, SupersededReason } from '../reasons.ts';

export const REJECTED_MEANINGS: Readonly<Record<RejectedReason, string>> = {
  run_id_conflict: 'Another request has used this run_id; blocked_by names its run.',
  reserved_config_key: 'config.configurable has a key that Runlane or LangGraph sets itself.',
  unknown_assistant: 'There is neither a stored assistant nor a graph of this name or id.',
  webhook_refused: 'Webhooks may not be sent to this URL; nothing is sent.',
  thread_not_found: 'if_not_exists is reject, and the thread does not exist.',
  thread_status: 'The status of the thread is not one of if_thread_status.',
  thread_busy: 'multitask_strategy is reject, and a run of the thread has not ended; blocked_by names the oldest.',
};

export const FAILED_MEANINGS: Readonly<Record<FailedReason, string>> = {
  graph_error: 'The graph threw an error, which is in the field error.',
  graph_not_loadable: 'The graph could not be imported or compiled.',
  checkpoint_not_found: 'The thread has no checkpoint with this checkpoint_id.',
  unknown_node: 'interrupt_before, interrupt_after or goto names a node that the graph does not have.',
  nothing_to_resume: 'command.resume on a thread that is not paused, or whose questions were answered already.',
  attempts_exhausted: 'Every attempt was lost with its process.',
  nothing_to_continue: 'input is null, and the thread has no checkpoints.',
  thread_status: 'When its turn came, the status of the thread was not one of if_thread_status.',
};

export const SUPERSEDED_MEANINGS: Readonly<Record<SupersededReason, string>> = {
  superseded: 'A later run of the thread has strategy interrupt or rollback; superseded_by names it.',
  cancelled: 'A RunCancel has ended the run.',
};

export const SUCCEEDED_MEANINGS: Readonly<Record<SucceededReason, string>> = {
  nothing_to_continue: 'input is null, and the thread had ended: nothing ran.',
};

export const DEAD_LETTER_MEANINGS: Readonly<Record<DeadLetterCode, string>> = {
  undecodable: 'The value is not JSON, or its frame is not that of the registry.',
  unknown_schema: 'The value names a schema id that the registry does not have.',
  unknown_type: 'The header ce_type names no request.',
  invalid_request: 'The value is not a valid RunCreate or RunCancel; the message names the fields.',
  key_mismatch: 'The key of the record is not the thread_id; for a stateless run it is neither absent nor the run_id.',
  too_large: 'The value has more bytes than RUNLANE_MAX_REQUEST_BYTES.',
  too_deep: 'The value is nested deeper than 256 levels.',
  unstorable_json: 'A text contains NUL or half a surrogate pair, which Postgres cannot store.',
  unknown_run: 'A RunCancel names a run that does not exist or is on another thread.',
  processing_failed: 'The record failed repeatedly for a reason of its own.',
};
