import { z } from 'zod';
import { threadId, uuid } from '../fields.ts';
import type { Json } from '../json.ts';
import { problemsOf } from '../problems.ts';

/** What is done to a cancelled run: `interrupt` keeps its finished supersteps, `rollback` undoes them. */
const CANCEL_ACTIONS = ['interrupt', 'rollback'] as const;
export type CancelAction = (typeof CANCEL_ACTIONS)[number];

const NEITHER = 'is missing, and so is thread_id; send thread_id, run_id or both';

const ONE_OF_THEM = ['thread_id', 'run_id'].map((field) => ({
  properties: { [field]: { type: 'string' as const } },
  required: [field],
}));

/** `RunCancel` on the wire, closed: header `ce_type` is `run.cancel`. */
export const runCancelSchema = z
  .strictObject({
    thread_id: threadId
      .nullish()
      .describe('The thread, a text of 1 to 255 code points without control characters; null for a stateless run.'),
    run_id: uuid
      .nullish()
      .describe(
        'The run to cancel, a UUID (8-4-4-4-12 hexadecimal digits); null for all runs of the thread that have not ended.',
      ),
    action: z.enum(CANCEL_ACTIONS).nullish().describe('One of "interrupt" (default), "rollback".'),
  })
  .superRefine(({ thread_id, run_id }, context) => {
    if (thread_id == null && run_id == null) {
      context.addIssue({ code: 'custom', path: ['run_id'], message: NEITHER, params: { problem: NEITHER } });
    }
  })
  .meta({ title: 'RunCancel', anyOf: ONE_OF_THEM });

/** The combination that makes a `RunCancel` invalid, as `runCreateCombinations` has them. */
export const runCancelCombinations = [{ path: 'run_id', problem: NEITHER, forbidden: { not: { anyOf: ONE_OF_THEM } } }];

/** A `RunCancel` as a producer writes it. */
export type RunCancelInput = z.input<typeof runCancelSchema>;

/** A cancel as Runlane reads it. At least one of the ids is there; `run_id` null: all unfinished runs of the thread. */
export type RunCancel = { thread_id: string | null; run_id: string | null; action: CancelAction };

/** `problems`: as of `parseRunCreate`. */
export type RunCancelVerdict = { kind: 'ok'; request: RunCancel } | { kind: 'invalid'; problems: string[] };

/** Reads a `RunCancel`. Whether the run exists is admission's to find out. */
export function parseRunCancel(json: Json): RunCancelVerdict {
  const parsed = runCancelSchema.safeParse(json);
  if (!parsed.success) {
    return {
      kind: 'invalid',
      problems: problemsOf(parsed.error, { name: 'RunCancel', json, schema: runCancelSchema }),
    };
  }
  const { thread_id, run_id, action } = parsed.data;
  return {
    kind: 'ok',
    request: { thread_id: thread_id ?? null, run_id: run_id?.toLowerCase() ?? null, action: action ?? 'interrupt' },
  };
}
