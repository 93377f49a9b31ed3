import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { SimpleChatModel } from '@langchain/core/language_models/chat_models';
import type { BaseMessage } from '@langchain/core/messages';
import { AIMessageChunk } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';

/**
 * Stands in for a real chat model, so that the demo needs no key. Its answer depends only on what it is given, and it
 * streams word by word. Replace it with `ChatOpenAI`, `ChatAnthropic`, … and the graph stays as it is.
 */
export class EchoChatModel extends SimpleChatModel {
  constructor() {
    super({});
  }

  _llmType(): string {
    return 'echo';
  }

  async _call(messages: BaseMessage[]): Promise<string> {
    const questions = messages.filter((message) => message.type === 'human');
    const last = questions.at(-1)?.text ?? '';
    const before = questions.at(-2)?.text;
    return before === undefined
      ? `You said "${last}". Say something else on this thread, and I will remember it.`
      : `You said "${last}", and before that "${before}".`;
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    _options: this['ParsedCallOptions'],
    runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const answer = await this._call(messages);
    for (const text of answer.match(/\S+\s*/g) ?? []) {
      yield new ChatGenerationChunk({ text, message: new AIMessageChunk(text) });
      await runManager?.handleLLMNewToken(text);
    }
  }
}
