/**
 * Why a run was refused at admission, in the order in which several refusals are reported: the first
 * that applies.
 */
export const REJECTED_REASONS = [
  'run_id_conflict',
  'reserved_config_key',
  'unknown_assistant',
  'webhook_refused',
  'thread_not_found',
  'thread_status',
  'thread_busy',
] as const;
export type RejectedReason = (typeof REJECTED_REASONS)[number];

/**
 * Why a run that was admitted failed. `nothing_to_continue`: null input on a thread without checkpoints. `thread_status`:
 * when its turn came, its thread rested with a status that `if_thread_status` does not list.
 */
const FAILED_REASONS = [
  'graph_error',
  'graph_not_loadable',
  'checkpoint_not_found',
  'unknown_node',
  'nothing_to_resume',
  'attempts_exhausted',
  'nothing_to_continue',
  'thread_status',
] as const;
export type FailedReason = (typeof FAILED_REASONS)[number];

/** Why a run was interrupted or rolled back: by a later run of its thread, or by a `RunCancel`. */
const SUPERSEDED_REASONS = ['superseded', 'cancelled'] as const;
export type SupersededReason = (typeof SUPERSEDED_REASONS)[number];

/** Remarkable successes. `nothing_to_continue`: null input on a finished thread. */
const SUCCEEDED_REASONS = ['nothing_to_continue'] as const;
export type SucceededReason = (typeof SUCCEEDED_REASONS)[number];

/** Every code that the `reason` of a status event takes in this version. */
export type Reason = RejectedReason | FailedReason | SupersededReason | SucceededReason;

/** Why a record became a dead letter: the values of `dlq.error.code`. */
export const DEAD_LETTER_CODES = [
  'undecodable',
  'unknown_schema',
  'unknown_type',
  'invalid_request',
  'key_mismatch',
  'too_large',
  'too_deep',
  'unstorable_json',
  'unknown_run',
  'processing_failed',
] as const;
export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];
