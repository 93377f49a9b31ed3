/**
 * Purpose   Counts what the chat models of one attempt use, and adds the usage of the run's earlier attempts.
 * Source    The `usage_metadata` of the replies. A reply from a cache used nothing and is not counted; nor is a reply
 *           without usage, because nothing is known about it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Json, ModelUsage, UsageCounts } from '@runlane/contracts';

/** A name that no model has, for replies without a model's name. */
const UNNAMED = 'unknown';

const NOTHING: UsageCounts = { calls: 0, input_tokens: 0, output_tokens: 0, cached_tokens: 0, reasoning_tokens: 0 };

const meters = new AsyncLocalStorage<UsageMeter>();

export class UsageMeter {
  readonly #earlier = new Map<string, UsageCounts>();
  readonly #attempt = new Map<string, UsageCounts>();

  /** What `stored` returned in an earlier attempt. Anything else is ignored, because the value comes from a checkpoint. */
  continueFrom(stored: unknown): void {
    if (!Array.isArray(stored)) return;
    for (const entry of stored as unknown[]) {
      if (!isObject(entry) || typeof entry['model'] !== 'string') continue;
      this.#earlier.set(entry['model'], countsOf(entry));
    }
  }

  /** Counts the result of a call, as LangChain gives it to `handleLLMEnd`. `asked`: the name of the model in the request. */
  note(result: unknown, asked: string | null): void {
    const message = firstMessageOf(result);
    const usage = message?.['usage_metadata'];
    if (message === null || !isObject(usage)) return;
    const model = modelOf(message['response_metadata']) ?? asked ?? UNNAMED;
    const input = isObject(usage['input_token_details']) ? usage['input_token_details'] : {};
    const output = isObject(usage['output_token_details']) ? usage['output_token_details'] : {};
    const counts = {
      calls: 1,
      input_tokens: count(usage['input_tokens']),
      output_tokens: count(usage['output_tokens']),
      cached_tokens: count(input['cache_read']),
      reasoning_tokens: count(output['reasoning']),
    };
    this.#attempt.set(model, sum(this.#attempt.get(model) ?? NOTHING, counts));
  }

  /** By model, in the order of their first calls; null when none has reported any usage. */
  get usage(): ModelUsage[] | null {
    const models = [...new Set([...this.#earlier.keys(), ...this.#attempt.keys()])];
    if (models.length === 0) return null;
    return models.map((model) => {
      const attempt = this.#attempt.get(model) ?? NOTHING;
      return { model, ...sum(this.#earlier.get(model) ?? NOTHING, attempt), attempt };
    });
  }

  /** What a later attempt continues from, to be stored in a checkpoint; null when `usage` is null. */
  get stored(): Json {
    return this.usage?.map(({ attempt: _attempt, ...counts }) => counts) ?? null;
  }
}

/** Executes code of one run; the models that it calls are counted for that run. */
export function metered<T>(meter: UsageMeter, execute: () => T): T {
  return meters.run(meter, execute);
}

/** The meter of the run that is executing; null outside of one. */
export function currentMeter(): UsageMeter | null {
  return meters.getStore() ?? null;
}

function firstMessageOf(result: unknown): Record<string, unknown> | null {
  const generations = isObject(result) ? result['generations'] : null;
  const first: unknown = Array.isArray(generations) && Array.isArray(generations[0]) ? generations[0][0] : null;
  const message = isObject(first) ? first['message'] : null;
  return isObject(message) ? message : null;
}

function modelOf(metadata: unknown): string | null {
  if (!isObject(metadata)) return null;
  const name = metadata['model_name'] ?? metadata['model'];
  return typeof name === 'string' && name !== '' ? name : null;
}

function countsOf(entry: Record<string, unknown>): UsageCounts {
  return {
    calls: count(entry['calls']),
    input_tokens: count(entry['input_tokens']),
    output_tokens: count(entry['output_tokens']),
    cached_tokens: count(entry['cached_tokens']),
    reasoning_tokens: count(entry['reasoning_tokens']),
  };
}

function sum(one: UsageCounts, other: UsageCounts): UsageCounts {
  return {
    calls: one.calls + other.calls,
    input_tokens: one.input_tokens + other.input_tokens,
    output_tokens: one.output_tokens + other.output_tokens,
    cached_tokens: one.cached_tokens + other.cached_tokens,
    reasoning_tokens: one.reasoning_tokens + other.reasoning_tokens,
  };
}

/** 0 for a value that is no count. */
function count(value: unknown): number {
  return Number.isSafeInteger(value) && Number(value) > 0 ? Number(value) : 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
