/** Nodes that ask chat models in the ways in which LangChain lets them, by the input's `how`. */
import { InMemoryCache } from '@langchain/core/caches';
import type { CallbackManagerForLLMRun } from '@langchain/core/callbacks/manager';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import type { BaseChatModelParams } from '@langchain/core/language_models/chat_models';
import { AIMessageChunk } from '@langchain/core/messages';
import type { UsageMetadata } from '@langchain/core/messages';
import { ChatGenerationChunk } from '@langchain/core/outputs';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import type { LangGraphRunnableConfig } from '@langchain/langgraph';
import { z } from 'zod';

const USAGE: UsageMetadata = {
  input_tokens: 10,
  output_tokens: 4,
  total_tokens: 14,
  input_token_details: { cache_read: 3 },
  output_token_details: { reasoning: 2 },
};

type Parts = { model?: string; usage?: UsageMetadata | null; throws?: boolean } & BaseChatModelParams;

/** Says `ok`, by a call of the first tool it has or as text, and what that used. */
class Metered extends BaseChatModel {
  readonly #parts: Parts;

  constructor(parts: Parts = {}) {
    super(parts);
    this.#parts = parts;
  }

  override _llmType(): string {
    return 'metered';
  }

  override bindTools(tools: object[]) {
    return this.withConfig({ tools } as object);
  }

  override async _generate(_messages: unknown, options: this['ParsedCallOptions']) {
    if (this.#parts.throws === true) throw new Error('the model is away');
    const tools = 'tools' in options ? (options.tools as { function: { name: string } }[]) : [];
    const calls = tools.map((tool) => ({ id: 'c', name: tool.function.name, args: { ok: true } }));
    const message = this.#telling(new AIMessageChunk({ content: 'ok', tool_calls: calls }));
    return { generations: [{ text: 'ok', message }] };
  }

  override async *_streamResponseChunks(_messages: unknown, _options: unknown, run?: CallbackManagerForLLMRun) {
    const parts = [new AIMessageChunk('o'), this.#telling(new AIMessageChunk('k'))];
    for (const message of parts) {
      yield new ChatGenerationChunk({ text: message.text, message });
      await run?.handleLLMNewToken(message.text);
    }
  }

  /** The message with what it has used. */
  #telling(message: AIMessageChunk): AIMessageChunk {
    const { model = 'm-1', usage = USAGE } = this.#parts;
    return Object.assign(message, { response_metadata: { model_name: model } }, usage && { usage_metadata: usage });
  }
}

const State = Annotation.Root({
  how: Annotation<string>,
  count: Annotation<number>({ reducer: (all, more) => all + more, default: () => 0 }),
});

const model = new Metered();
const inner = new StateGraph(State)
  .addNode('asks', async () => {
    await model.invoke('x');
    return { count: 1 };
  })
  .addEdge(START, 'asks')
  .addEdge('asks', END)
  .compile();

const tries = new Map<string, number>();

const WAYS: Record<string, (config: LangGraphRunnableConfig) => Promise<unknown>> = {
  invoked: () => model.invoke('x'),
  streamed: async () => {
    for await (const _chunk of await model.stream('x'));
  },
  bound: () => model.bindTools([{ type: 'function', function: { name: 'tool', parameters: {} } }]).invoke('x'),
  structured: () => model.withStructuredOutput(z.object({ ok: z.boolean() })).invoke('x'),
  fallback: () => new Metered({ model: 'm-0', throws: true, maxRetries: 0 }).withFallbacks([model]).invoke('x'),
  cached: async () => {
    const cached = new Metered({ cache: new InMemoryCache() });
    await cached.invoke('x');
    await cached.invoke('x');
  },
  batch: () => model.batch(['x', 'y']),
  'own callbacks': async () => {
    let ends = 0;
    await model.invoke('x', { callbacks: [{ handleLLMEnd: () => void (ends += 1) }] });
    if (ends !== 1) throw new Error('its own callback was not called');
  },
  nested: (config) => inner.invoke({}, config),
  retried: async ({ configurable }) => {
    await model.invoke('x');
    const run = String(configurable?.['run_id']);
    tries.set(run, (tries.get(run) ?? 0) + 1);
    if (tries.get(run) === 1) throw new Error('once more');
  },
  'two models': async () => {
    await Promise.all([model.invoke('x'), new Metered({ model: 'm-2' }).invoke('x')]);
  },
  failing: async () => {
    await model.invoke('x');
    throw new TypeError('after the model');
  },
  'untold usage': () => new Metered({ usage: null }).invoke('x'),
  'no model': async () => undefined,
};

export const graph = new StateGraph(State)
  .addNode(
    'first',
    async ({ how }, config) => {
      await (WAYS[how] ?? WAYS['invoked'])?.(config);
      return { count: 1 };
    },
    {
      retryPolicy: {
        maxAttempts: 2,
        initialInterval: 1,
        jitter: false,
        retryOn: (error: Error) => error.message === 'once more',
      },
    },
  )
  .addNode('second', async ({ how }) => {
    if (how === 'steps') await model.invoke('x');
    return { count: 1 };
  })
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', END)
  .compile();
