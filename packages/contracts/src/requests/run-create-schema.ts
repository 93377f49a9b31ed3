import { z } from 'zod';
import { commandSchema } from './command.ts';
import { anyJson, isListOf, jsonObject, nodeSelection, textOfAtMost, threadId, uuid } from '../fields.ts';
import { runConfigSchema } from './run-config.ts';
import { runCreateCombinations } from './run-create-combinations.ts';
import { isRunStatusEventType, RUN_STATUS_EVENT_TYPES, THREAD_STATUSES } from '../run-status.ts';
import type { RunStatusEventType, ThreadStatus } from '../run-status.ts';

/** What a run does to unfinished runs of its thread. */
export const MULTITASK_STRATEGIES = ['enqueue', 'reject', 'interrupt', 'rollback'] as const;
export type MultitaskStrategy = (typeof MULTITASK_STRATEGIES)[number];

/** When checkpoints are written: beside the next superstep, before it, or only at the end. */
export const DURABILITIES = ['async', 'sync', 'exit'] as const;
export type Durability = (typeof DURABILITIES)[number];

/** Most characters of a webhook URL, as LangGraph's OpenAPI document has it. */
const MAX_WEBHOOK_LENGTH = 65_536;

// Ten years. A longer delay is milliseconds or a timestamp sent by mistake.
const MAX_AFTER_SECONDS = 10 * 365 * 24 * 60 * 60;

const webhookEvents = z
  .custom<RunStatusEventType[]>((value) => isListOf(value, isRunStatusEventType) && value.length > 0)
  .meta({ type: 'array', items: { type: 'string', enum: [...RUN_STATUS_EVENT_TYPES] }, minItems: 1 });

const KNOWN_THREAD_STATUSES: ReadonlySet<unknown> = new Set(THREAD_STATUSES);
const isThreadStatus = (value: unknown): value is ThreadStatus => KNOWN_THREAD_STATUSES.has(value);

const threadStatuses = z
  .custom<ThreadStatus[]>((value) => isListOf(value, isThreadStatus) && value.length > 0)
  .meta({ type: 'array', items: { type: 'string', enum: [...THREAD_STATUSES] }, minItems: 1 });

/**
 * `RunCreate` on the wire: the LangGraph SDK's TypedDict key for key, and Runlane's optional extensions. Closed,
 * because an older consumer must not silently ignore what a newer producer meant. The descriptions serve the
 * generated schema and the problems that `parseRunCreate` reports.
 */
export const runCreateSchema = z
  .strictObject({
    thread_id: threadId
      .nullish()
      .describe('A text of 1 to 255 code points without control characters, or null for a stateless run.'),
    assistant_id: z.string().min(1).describe('The UUID of an assistant, or a graph name: a text, required.'),
    input: anyJson.optional().describe('Any JSON value; null continues from the checkpoint.'),
    metadata: jsonObject.nullish().describe('An object, merged into run and checkpoint metadata.'),
    config: runConfigSchema.nullish().describe('An object of tags, recursion_limit and configurable.'),
    context: jsonObject.nullish().describe("An object: the graph's runtime context. Not with config.configurable."),
    checkpoint_id: z.string().min(1).nullish().describe('The id of a checkpoint of the thread, a text.'),
    interrupt_before: nodeSelection.nullish().describe('A list of node names, or "*" for every node.'),
    interrupt_after: nodeSelection.nullish().describe('A list of node names, or "*" for every node.'),
    webhook: textOfAtMost(MAX_WEBHOOK_LENGTH).nullish().describe('An absolute URL of at most 65536 characters.'),
    multitask_strategy: z
      .enum(MULTITASK_STRATEGIES)
      .nullish()
      .describe('One of "enqueue" (default), "reject", "interrupt", "rollback".'),
    run_id: uuid.nullish().describe('A UUID (8-4-4-4-12 hexadecimal digits) that makes the request idempotent.'),
    command: commandSchema.nullish().describe('An object of resume, update and goto, at least one. Not with input.'),
    if_not_exists: z
      .enum(['create', 'reject'])
      .nullish()
      .describe('One of "create" (default), "reject": whether the run may create the thread.'),
    if_thread_status: threadStatuses
      .nullish()
      .describe(
        `A list of at least one of ${THREAD_STATUSES.join(', ')}: the run is refused when its thread has another status.`,
      ),
    on_completion: z
      .enum(['delete', 'keep'])
      .nullish()
      .describe('One of "delete" (default), "keep": the fate of a stateless run\'s thread.'),
    after_seconds: z
      .number()
      .min(0)
      .max(MAX_AFTER_SECONDS)
      .nullish()
      .describe('Seconds to wait before the run joins its lane: a number from 0 to 315360000 (ten years).'),
    durability: z.enum(DURABILITIES).nullish().describe('One of "async" (default), "sync", "exit".'),
    webhook_events: webhookEvents
      .nullish()
      .describe(`A list of at least one of ${RUN_STATUS_EVENT_TYPES.join(', ')}. Default: the terminal ones.`),
  })
  .superRefine((request, context) => {
    for (const { path, problem, isBroken } of runCreateCombinations) {
      if (isBroken(request)) context.addIssue({ code: 'custom', path: [path], message: problem, params: { problem } });
    }
  })
  .meta({ title: 'RunCreate', allOf: runCreateCombinations.map(({ forbidden }) => ({ not: forbidden })) });
