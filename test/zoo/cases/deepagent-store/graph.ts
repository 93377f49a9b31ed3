/** A deep agent that keeps files in the store. */
import { createDeepAgent, StoreBackend, CompositeBackend, StateBackend } from 'deepagents';
import { call, turns } from '../lib/scripted.ts';
const backend = (config: any) =>
  new CompositeBackend(new StateBackend(config), { '/memories/': new StoreBackend(config) });
export const graph = createDeepAgent({
  model: turns(
    { calls: [call('write_file', { file_path: '/memories/a.md', content: 'keep' })] },
    { calls: [call('read_file', { file_path: '/memories/a.md' })] },
    'done',
  ),
  backend: backend as any,
});
