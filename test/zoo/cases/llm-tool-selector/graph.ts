/** A model chooses the tools for another. */
import { createAgent, llmToolSelectorMiddleware, tool } from 'langchain';
import { RunnableLambda } from '@langchain/core/runnables';
import { z } from 'zod';
import { Scripted } from '../lib/scripted.ts';
const make = (name: string) => tool(() => name, { name, description: name, schema: z.object({}) });
class Chooser extends Scripted {
  override withStructuredOutput(): any {
    return RunnableLambda.from(() => ({ tools: ['beta'] }));
  }
}
const model = new Scripted((_m, tools) => `tools: ${tools.map((t) => t.name ?? t.function?.name).join(',')}`);
export const graph = createAgent({
  model,
  tools: [make('alpha'), make('beta'), make('gamma')],
  middleware: [llmToolSelectorMiddleware({ model: new Chooser(() => ''), maxTools: 1 })],
});
