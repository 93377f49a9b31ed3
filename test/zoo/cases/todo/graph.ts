/** An agent with a list of todos. */
import { createAgent, todoListMiddleware } from 'langchain';
import { call, turns } from '../lib/scripted.ts';
export const graph = createAgent({
  model: turns(
    { calls: [call('write_todos', { todos: [{ content: 'a', status: 'pending' }] })] },
    { calls: [call('write_todos', { todos: [{ content: 'a', status: 'completed' }] }, 'c2')] },
    'ok',
  ),
  tools: [],
  middleware: [todoListMiddleware()],
});
