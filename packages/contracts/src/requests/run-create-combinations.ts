import type { CommandOnWire } from './command.ts';
import type { Json, JsonObject } from '../json.ts';

/** The fields of a wire `RunCreate` that combinations look at. */
type Fields = {
  thread_id?: string | null | undefined;
  input?: Json | undefined;
  context?: JsonObject | null | undefined;
  config?: { configurable?: JsonObject | null | undefined } | null | undefined;
  command?: CommandOnWire | null | undefined;
  webhook?: string | null | undefined;
  webhook_events?: string[] | null | undefined;
  if_not_exists?: string | null | undefined;
  on_completion?: string | null | undefined;
};

/**
 * A combination of fields that never makes sense, said twice: as a predicate for the parser and as the
 * JSON Schema of what it forbids. `path` is the field that the problem is reported at.
 */
type Combination = { path: string; problem: string; isBroken: (request: Fields) => boolean; forbidden: JsonObject };

const THREAD = given('thread_id');

/** Every combination that makes a `RunCreate` invalid. */
export const runCreateCombinations: Combination[] = [
  {
    path: 'context',
    problem: 'does not go with a config.configurable that is not empty; send one of the two',
    isBroken: ({ context, config }) => hasMembers(context) && hasMembers(config?.configurable),
    forbidden: {
      properties: {
        context: { type: 'object', minProperties: 1 },
        config: {
          type: 'object',
          properties: { configurable: { type: 'object', minProperties: 1 } },
          required: ['configurable'],
        },
      },
      required: ['context', 'config'],
    },
  },
  {
    path: 'command',
    problem: 'does not go with input; send one of the two',
    isBroken: ({ input, command }) => isGiven(input) && isGiven(command),
    forbidden: { allOf: [given('input'), given('command')] },
  },
  {
    path: 'command',
    problem: 'is empty; send resume, update or goto in it, or leave it out',
    isBroken: ({ command }) =>
      isGiven(command) && !isGiven(command.resume) && !hasMembers(command.update) && !leadsSomewhere(command.goto),
    forbidden: {
      properties: {
        command: {
          type: 'object',
          not: {
            anyOf: [
              given('resume'),
              having('update', [
                { type: 'object', minProperties: 1 },
                { type: 'array', minItems: 1 },
              ]),
              having('goto', [{ type: 'string' }, { type: 'object' }, { type: 'array', minItems: 1 }]),
            ],
          },
        },
      },
      required: ['command'],
    },
  },
  {
    path: 'command.resume',
    problem: 'needs a thread; send the thread_id of the paused thread',
    isBroken: ({ command, thread_id }) => isGiven(command?.resume) && !isGiven(thread_id),
    forbidden: {
      properties: { command: { type: 'object', ...given('resume') } },
      required: ['command'],
      not: THREAD,
    },
  },
  {
    path: 'if_not_exists',
    problem: '"reject" needs a thread; send a thread_id, or leave if_not_exists out',
    isBroken: ({ if_not_exists, thread_id }) => if_not_exists === 'reject' && !isGiven(thread_id),
    forbidden: { ...having('if_not_exists', [{ type: 'string', const: 'reject' }]), not: THREAD },
  },
  {
    path: 'on_completion',
    problem: 'is for stateless runs only; leave it out, or leave thread_id out',
    isBroken: ({ on_completion, thread_id }) => isGiven(on_completion) && isGiven(thread_id),
    forbidden: { allOf: [given('on_completion'), THREAD] },
  },
  {
    path: 'webhook_events',
    problem: 'needs a webhook; send the URL, or leave webhook_events out',
    isBroken: ({ webhook_events, webhook }) => isGiven(webhook_events) && !isGiven(webhook),
    forbidden: { ...given('webhook_events'), not: given('webhook') },
  },
];

/** Schema of an object in which the field is there and not null. */
function given(field: string): JsonObject {
  return { properties: { [field]: { not: { type: 'null' } } }, required: [field] };
}

/** Schema of an object in which the field has one of the forms. */
function having(field: string, forms: JsonObject[]): JsonObject {
  return { properties: { [field]: { anyOf: forms } }, required: [field] };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function hasMembers(value: object | null | undefined): boolean {
  return isGiven(value) && Object.keys(value).length > 0;
}

function leadsSomewhere(target: CommandOnWire['goto']): boolean {
  return isGiven(target) && !(Array.isArray(target) && target.length === 0);
}
