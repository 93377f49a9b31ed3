/**
 * A chat model without a key: a reply is a function of the conversation, so that every process gives the same ones. Like
 * the models of providers it refuses a conversation in which a call of a tool has no answer.
 */
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, type BaseMessage, type ToolMessage } from '@langchain/core/messages';
import { effect } from './effects.ts';

export type Call = { name: string; args: Record<string, unknown>; id: string };
export type Reply = string | { content?: string; calls?: Call[] };
type Script = (messages: BaseMessage[], tools: any[], options: any) => Reply;

export class Scripted extends BaseChatModel {
  constructor(
    private script: Script,
    private tools: any[] = [],
  ) {
    super({});
  }
  _llmType() {
    return 'scripted';
  }
  override bindTools(tools: any[]): any {
    return new Scripted(this.script, tools);
  }
  async _generate(messages: BaseMessage[], options: any) {
    effect(`model saw ${messages.length}`);
    const reply = this.reply(messages, options);
    const { content = '', calls = [] } = typeof reply === 'string' ? { content: reply } : reply;
    const message = new AIMessage({
      content,
      tool_calls: calls.map((call) => ({ ...call, type: 'tool_call' as const })),
      usage_metadata: { input_tokens: messages.length, output_tokens: 5, total_tokens: messages.length + 5 },
    });
    return { generations: [{ message, text: content }] };
  }
  private reply(messages: BaseMessage[], options: any): Reply {
    try {
      refuseUnanswered(messages);
      return this.script(messages, this.tools, options);
    } catch (error) {
      effect('model threw');
      throw error;
    }
  }
}

/** Replies in turn, counted from the last human message. */
export function turns(...replies: Reply[]): Scripted {
  return new Scripted((messages) => replies[Math.min(turnOf(messages), replies.length - 1)]!);
}

export function turnOf(messages: BaseMessage[]): number {
  const last = messages.map((message) => message.getType()).lastIndexOf('human');
  return messages.slice(last + 1).filter((message) => message.getType() === 'ai').length;
}

export const call = (name: string, args: Record<string, unknown>, id = `call_${name}`): Call => ({ name, args, id });

/** As OpenAI and Anthropic do, with the words of the former. */
function refuseUnanswered(messages: BaseMessage[]): void {
  for (const [at, message] of messages.entries()) {
    const calls = ((message as AIMessage).tool_calls ?? []).map(({ id }) => id);
    const following = messages.slice(at + 1);
    const next = following.findIndex((other) => other.getType() !== 'tool');
    const answers = (next < 0 ? following : following.slice(0, next)).map(
      (other) => (other as ToolMessage).tool_call_id,
    );
    const open = calls.filter((id) => !answers.includes(id!));
    if (open.length > 0) {
      throw new Error(
        `400 An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id': ${open.join(', ')}.`,
      );
    }
  }
}
