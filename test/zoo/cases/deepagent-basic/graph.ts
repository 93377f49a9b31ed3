/** A deep agent with todos and files, two turns. */
import { createDeepAgent } from 'deepagents';
import { call, turns } from '../lib/scripted.ts';
export const graph = createDeepAgent({
  model: turns(
    { calls: [call('write_todos', { todos: [{ content: 'x', status: 'in_progress' }] })] },
    { calls: [call('write_file', { file_path: '/notes.md', content: 'hello\nworld' })] },
    { calls: [call('read_file', { file_path: '/notes.md' }), call('ls', { path: '/' }, 'c_ls')] },
    { calls: [call('edit_file', { file_path: '/notes.md', old_string: 'hello', new_string: 'bye' })] },
    'all done',
  ),
  systemPrompt: 'Work.',
});
