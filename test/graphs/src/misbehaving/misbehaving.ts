/** Does to its thread or process what its input says. */
import { parentPort } from 'node:worker_threads';
import { Annotation, END, START, StateGraph } from '@langchain/langgraph';
import { note } from '../side-effects.ts';

const State = Annotation.Root({
  what: Annotation<
    | 'block'
    | 'spin'
    | 'ignore_abort'
    | 'memory'
    | 'one_allocation'
    | 'hoard'
    | 'exit'
    | 'kill'
    | 'uncaught'
    | 'unhandled'
    | 'parent_port'
    | 'nothing'
  >,
  /** Milliseconds, for what takes time. */
  ms: Annotation<number>,
  done: Annotation<boolean>,
});

export const graph = new StateGraph(State)
  .addNode('act', async (state, config) => {
    const about = {
      run_id: config.configurable?.['run_id'],
      thread_id: config.configurable?.['thread_id'],
      node: 'act',
    };
    note({ ...about, at: 'start' });
    switch (state.what) {
      case 'block':
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, state.ms);
        break;
      case 'spin':
        spin(state.ms);
        break;
      case 'ignore_abort':
        await new Promise((resolve) => setTimeout(resolve, state.ms));
        break;
      case 'memory':
        fillMemory();
        break;
      case 'one_allocation':
        allocate();
        break;
      case 'hoard': {
        const kept = allocate();
        await new Promise((resolve) => setTimeout(resolve, state.ms));
        if (kept.length === 0) throw new Error('nothing was kept');
        break;
      }
      case 'exit':
        process.exit(7);
        break;
      case 'kill':
        process.kill(process.pid, 'SIGKILL');
        break;
      case 'uncaught':
        setTimeout(() => {
          throw new Error('nobody catches this');
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
        break;
      case 'unhandled':
        void Promise.reject(new Error('nobody handles this'));
        await new Promise((resolve) => setTimeout(resolve, 50));
        break;
      case 'parent_port':
        useParentPort();
        break;
      case 'nothing':
        break;
    }
    note({ ...about, at: 'end' });
    return { done: true };
  })
  .addEdge(START, 'act')
  .addEdge('act', END)
  .compile();

/** As a library does that takes the thread for one of its own. */
function useParentPort(): void {
  parentPort?.on('message', () => {
    throw new Error('not a message of this library');
  });
  for (const message of [null, 'ready', { type: 'ready' }, { type: 'ended' }, { type: 'cache' }]) {
    parentPort?.postMessage(message);
  }
  parentPort?.close();
}

function spin(ms: number): void {
  const endsAtMs = performance.now() + ms;
  while (performance.now() < endsAtMs);
}

/** 160 MB at once. */
function allocate(): number[] {
  return Array<number>(20_000_000).fill(0);
}

// In small steps, and without an end.
function fillMemory(): never {
  const kept: object[] = [];
  for (;;) kept.push({ number: kept.length, text: `item ${kept.length}` });
}
