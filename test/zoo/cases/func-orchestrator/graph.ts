/** A workflow of parallel tasks, a loop with a judge, and a result apart from what is remembered. */
import { entrypoint, getPreviousState, task } from '@langchain/langgraph';
import { effect } from '../lib/effects.ts';
import { Scripted } from '../lib/scripted.ts';

const model = new Scripted((messages) => `text on ${messages.at(-1)!.text}`);
const plan = task('plan', async (topic: string) => [`${topic} one`, `${topic} two`, `${topic} three`]);
const write = task('write', async (section: string) => (await model.invoke(section)).text);
const judge = task('judge', (text: string, round: number) => {
  effect(`judged round ${round}`);
  return round >= 2 ? { good: true } : { good: false, why: `${text.length} characters` };
});
export const graph = entrypoint('orchestrator', async (topic: string) => {
  const earlier = getPreviousState<string[]>() ?? [];
  const sections = await Promise.all((await plan(topic)).map((section) => write(section)));
  let text = sections.join('; ');
  for (let round = 1; ; round += 1) {
    const verdict = await judge(text, round);
    if (verdict.good) break;
    text = await write(`${text} (${verdict.why})`);
  }
  return entrypoint.final({ value: { text, earlier }, save: [...earlier, topic] });
});
