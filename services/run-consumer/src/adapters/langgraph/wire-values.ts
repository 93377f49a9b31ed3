import type { Json } from '@runlane/contracts';

/**
 * Turns graph state into the JSON that LangGraph's servers send: messages as `{type, content, …}`, dates as text, what
 * JSON has no word for left out.
 *
 * Thrown: TypeError for state that JSON cannot hold (a cycle, a BigInt).
 */
export function toWire(value: unknown): Json {
  const text = JSON.stringify(value, function (this: unknown, key: string, plain: unknown) {
    // `plain` has been through toJSON already, which gives a message LangChain's constructor form.
    const original = isRecord(this) ? this[key] : undefined;
    return isMessage(original) ? flattenMessage(original) : plain;
  });
  return text === undefined ? null : (JSON.parse(text) as Json);
}

type Message = { toDict(): { type: string; data: Record<string, unknown> } };

function isMessage(value: unknown): value is Message {
  return isRecord(value) && 'lc_serializable' in value && typeof value['toDict'] === 'function';
}

function flattenMessage(message: Message): Record<string, unknown> {
  const { type, data } = message.toDict();
  return { ...data, type };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
