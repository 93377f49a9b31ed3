import { z } from 'zod';
import { anyJson, isListOf, jsonObject, textList, uuid } from '../fields.ts';
import { isJsonObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { problemsOf } from '../problems.ts';
import type { Reason } from '../reasons.ts';
import { MULTITASK_STRATEGIES } from '../requests/run-create-schema.ts';
import type { MultitaskStrategy } from '../requests/run-create-schema.ts';
import { RUN_STATUS_EVENT_TYPES, RUN_STATUSES, THREAD_STATUSES } from '../run-status.ts';
import type { RunStatus, RunStatusEventType, ThreadStatus } from '../run-status.ts';

/**
 * A pause that waits for an answer: LangGraph's interrupt id and the value given to `interrupt()`. The id is empty for a
 * `NodeInterrupt`, to which LangGraph gives none.
 */
export type RunInterrupt = {
  id: string;
  value: Json;
  /** JSON Schema of the answers that the graph takes. Absent when it does not say, and in older events. */
  response_schema?: Json;
};

/** Calls of a model and their tokens, as its replies report them; a reply from a cache is no call. */
export type UsageCounts = {
  calls: number;
  input_tokens: number;
  output_tokens: number;
  /** Of the input tokens, those that the provider had in its cache. */
  cached_tokens: number;
  /** Of the output tokens, those that the model has thought with. */
  reasoning_tokens: number;
};

/** What a run has used of one model, by the name in its replies: in all, and in this attempt. */
export type ModelUsage = UsageCounts & { model: string; attempt: UsageCounts };

/**
 * What happened to a run. Every field is always present, null where it does not apply. Times are RFC 3339
 * in UTC with `Z`.
 */
export type RunStatusEvent = {
  /** Stable over redelivery: consumers drop duplicates by it. */
  event_id: string;
  type: RunStatusEventType;
  /** Counts the run's events from 1 without gaps. */
  sequence: number;
  occurred_at: string;
  run_id: string;
  /** Of a stateless run: derived from the run id. */
  thread_id: string;
  assistant_id: string;
  /** Null when the assistant is unknown. */
  graph_id: string | null;
  /** 0 until the first start. */
  attempt: number;
  multitask_strategy: MultitaskStrategy;
  /** Empty when the request had none, or when omitted for size. */
  metadata: JsonObject;
  /** Absent in older events. */
  metadata_omitted?: boolean;
  created_at: string;
  updated_at: string;
  run_started_at: string | null;
  run_ended_at: string | null;
  status: RunStatus;
  /** Null where there is no thread. */
  thread_status: ThreadStatus | null;
  /** One of `Reason` in this version; a reader must expect others. */
  reason: Reason | (string & Record<never, never>) | null;
  superseded_by: string | null;
  blocked_by: string | null;
  /** Of unfinished tasks only. Null when omitted for size, or when the run has not stopped. */
  interrupts: RunInterrupt[] | null;
  interrupts_omitted: boolean;
  /** Whether something in their values was replaced because JSON cannot hold it. Absent in older events. */
  interrupts_lossy?: boolean;
  /** Names of the nodes that would run next. */
  next: string[] | null;
  /** The head checkpoint. */
  checkpoint_id: string | null;
  /** What `graph.invoke` would return. Null when omitted for size, or when there is none. */
  values: Json;
  values_omitted: boolean;
  /** Whether something in `values` was replaced because JSON cannot hold it. Absent in older events. */
  values_lossy?: boolean;
  /** On events that end a run: one entry per model. Null when no model was called or reported usage. Absent in older events. */
  usage?: ModelUsage[] | null;
  /**
   * On events that end a run which began with an input while questions were open on its thread: the ids of these. Only a
   * fork can answer them now. Null when there were none. Absent in older events.
   */
  abandoned_interrupts?: string[] | null;
  /** `stack`: of what a graph threw, and of its causes, where the deployment has turned it on. */
  error: { error: string; message: string; stack?: string; thread_status?: string } | null;
  /** Set only on events whose type the run asked for. */
  webhook: string | null;
};

const instant = z.iso.datetime();

const interruptList = z
  .custom<RunInterrupt[]>((value) => isListOf(value, isInterrupt))
  .meta({
    type: 'array',
    items: {
      type: 'object',
      properties: { id: { type: 'string' }, value: {}, response_schema: {} },
      required: ['id', 'value'],
    },
  });

const COUNTS = ['calls', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens'] as const;
const COUNT_SCHEMAS = Object.fromEntries(COUNTS.map((name) => [name, { type: 'integer', minimum: 0 }]));

const usageList = z
  .custom<ModelUsage[]>((value) => isListOf(value, isModelUsage))
  .meta({
    type: 'array',
    items: {
      type: 'object',
      properties: {
        model: { type: 'string' },
        ...COUNT_SCHEMAS,
        attempt: { type: 'object', properties: COUNT_SCHEMAS, required: [...COUNTS] },
      },
      required: ['model', ...COUNTS, 'attempt'],
    },
  });

/**
 * The event on the wire. Open: unknown fields pass, so that an older reader reads what a newer Runlane writes. A field
 * that is added later must be optional here, because older events stay in the log.
 */
export const runStatusEventSchema = z
  .looseObject({
    event_id: z
      .string()
      .min(1)
      .describe('Identifies the event, also when it is delivered again: drop duplicates by it.'),
    type: z.enum(RUN_STATUS_EVENT_TYPES).describe('What happened.'),
    sequence: z.int().min(1).describe("Counts the run's events from 1 without gaps."),
    occurred_at: instant.describe('When it happened: RFC 3339 in UTC with Z, like all times here.'),
    run_id: uuid.describe('The run, a UUID.'),
    thread_id: z.string().min(1).describe('The thread; for a stateless run an id derived from the run id.'),
    assistant_id: z.string().min(1).describe('The assistant.'),
    graph_id: z.string().nullable().describe('The graph; null when the assistant is unknown.'),
    attempt: z
      .int()
      .min(0)
      .describe('The number of the last attempt at executing the run: 0 until the first start. It never falls.'),
    multitask_strategy: z.enum(MULTITASK_STRATEGIES).describe('The strategy of the run.'),
    metadata: jsonObject.describe('Metadata of the request, an object.'),
    metadata_omitted: z.boolean().exactOptional().describe('Whether metadata was left out because of its size.'),
    created_at: instant.describe('When the run was admitted or refused.'),
    updated_at: instant.describe('When the run last changed.'),
    run_started_at: instant.nullable().describe('When the first attempt started.'),
    run_ended_at: instant.nullable().describe('When the run ended.'),
    status: z.enum(RUN_STATUSES).describe('Status of the run.'),
    thread_status: z.enum(THREAD_STATUSES).nullable().describe('Status of the thread; null if there is no thread.'),
    reason: z
      .string()
      .nullable()
      .describe('A code for why the run ended in this way; later versions may have more codes.'),
    superseded_by: uuid.nullable().describe('The run that superseded this one.'),
    blocked_by: uuid.nullable().describe('The run because of which this one was refused.'),
    interrupts: interruptList
      .nullable()
      .describe('A list of {id, value, response_schema?}: pauses that wait for an answer.'),
    interrupts_omitted: z.boolean().describe('Whether interrupts were left out because of their size.'),
    interrupts_lossy: z
      .boolean()
      .exactOptional()
      .describe('Whether interrupts had something that JSON cannot express.'),
    next: textList.nullable().describe('Nodes that would run next, a list of texts.'),
    checkpoint_id: z.string().nullable().describe('The head checkpoint.'),
    values: anyJson.describe('What the graph returned, any JSON value.'),
    values_omitted: z.boolean().describe('Whether values were left out because of their size.'),
    values_lossy: z.boolean().exactOptional().describe('Whether values had something that JSON cannot express.'),
    usage: usageList
      .nullable()
      .exactOptional()
      .describe('Calls and tokens of each model, in total and in the last attempt.'),
    abandoned_interrupts: textList
      .nullable()
      .exactOptional()
      .describe('Ids of questions that were open when the run began with an input, a list of texts.'),
    error: z
      .looseObject({
        error: z.string().describe('The kind of error, a text.'),
        message: z.string().describe('What went wrong, a text.'),
        stack: z.string().exactOptional().describe('Where the graph threw it, with its causes, a text.'),
        thread_status: z
          .string()
          .exactOptional()
          .describe('With the reason thread_status: the status that the thread had, a text.'),
      })
      .nullable()
      .describe('An object with error, which is the kind, and message; also stack, if the deployment reports it.'),
    webhook: z.string().nullable().describe('The URL to which this event is delivered, or null.'),
  })
  .meta({ title: 'RunStatusEvent' });

/** `problems`: as of `parseRunCreate`. */
export type RunStatusEventVerdict = { kind: 'ok'; event: RunStatusEvent } | { kind: 'invalid'; problems: string[] };

/**
 * Reads a status event tolerantly: unknown fields pass and stay. An unknown `type` is invalid; a consumer that wants
 * to skip such events asks `isRunStatusEventType` first.
 */
export function parseRunStatusEvent(json: Json): RunStatusEventVerdict {
  const parsed = runStatusEventSchema.safeParse(json);
  if (parsed.success) return { kind: 'ok', event: parsed.data };
  const about = { name: 'RunStatusEvent', json, schema: runStatusEventSchema };
  return { kind: 'invalid', problems: problemsOf(parsed.error, about) };
}

function isInterrupt(value: unknown): value is RunInterrupt {
  return isJsonObject(value) && typeof value['id'] === 'string' && Object.hasOwn(value, 'value');
}

function isModelUsage(value: unknown): value is ModelUsage {
  return isCounts(value) && typeof value['model'] === 'string' && isCounts(value['attempt']);
}

function isCounts(value: unknown): value is UsageCounts & JsonObject {
  return isJsonObject(value) && COUNTS.every((name) => Number.isInteger(value[name]) && Number(value[name]) >= 0);
}
