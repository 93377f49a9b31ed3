import { z } from 'zod';
import { anyJson, isListOf, isNodeName } from '../fields.ts';
import { isJsonObject } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';

/** Runs one node with an input of its own, as LangGraph's `Send` does. `input` null and absent mean the same. */
export type Send = { node: string; input: Json };

/** State to write before the run goes on: an object, or pairs of channel name and value. */
export type CommandUpdate = JsonObject | [string, Json][];

/** Nodes to go to: names, or sends. */
export type CommandGoto = string | Send | (string | Send)[];

/** What to do instead of applying an input. At least one member is there, and none is null or an empty update or goto. */
export type Command = { resume?: Json; update?: CommandUpdate; goto?: CommandGoto };

type SendOnWire = { node: string; input?: Json };
type GotoOnWire = string | SendOnWire | (string | SendOnWire)[];

const SEND_SCHEMA = {
  type: 'object',
  properties: { node: { type: 'string', minLength: 1 }, input: {} },
  required: ['node'],
  additionalProperties: false,
};
const NODE_SCHEMA = { type: 'string', minLength: 1 };

const update = z
  .custom<CommandUpdate>((value) => isJsonObject(value) || isListOf(value, isPair))
  .meta({
    anyOf: [
      { type: 'object' },
      {
        type: 'array',
        items: { type: 'array', items: [{ type: 'string' }, {}], minItems: 2, maxItems: 2, additionalItems: false },
      },
    ],
  });

const goto = z
  .custom<GotoOnWire>((value) => isTarget(value) || isListOf(value, isTarget))
  .meta({ anyOf: [NODE_SCHEMA, SEND_SCHEMA, { type: 'array', items: { anyOf: [NODE_SCHEMA, SEND_SCHEMA] } }] });

/** `command` of a `RunCreate` on the wire: LangGraph's SDK type `Command`, closed. */
export const commandSchema = z.strictObject({
  resume: anyJson
    .optional()
    .describe('Any JSON value but null: what interrupt() returns in the paused node. Needs a thread.'),
  update: update.nullish().describe('An object, or a list of [name, value] pairs, to write into the state.'),
  goto: goto.nullish().describe('A node name, an object {node, input}, or a list of these.'),
});

/** `command` after its types were checked. */
export type CommandOnWire = z.output<typeof commandSchema>;

/** The command without empty members: null, an empty update, an empty list of nodes. */
export function normalisedCommand(wire: CommandOnWire): Command {
  const command: Command = {};
  if (wire.resume !== undefined && wire.resume !== null) command.resume = wire.resume;
  if (wire.update && Object.keys(wire.update).length > 0) command.update = wire.update;
  if (wire.goto && !(Array.isArray(wire.goto) && wire.goto.length === 0)) command.goto = withInputs(wire.goto);
  return command;
}

function withInputs(target: GotoOnWire): CommandGoto {
  const withInput = (one: string | SendOnWire): string | Send =>
    typeof one === 'string' ? one : { node: one.node, input: one.input ?? null };
  return Array.isArray(target) ? target.map(withInput) : withInput(target);
}

function isPair(value: unknown): value is [string, Json] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}

function isTarget(value: unknown): value is string | SendOnWire {
  if (!isJsonObject(value)) return isNodeName(value);
  return isNodeName(value['node']) && Object.keys(value).every((key) => key === 'node' || key === 'input');
}
