/** What code does with its process: working directory, arguments, exit handlers, timers, its environment, a child. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Annotation, START, StateGraph } from '@langchain/langgraph';
process.on('SIGTERM', () => undefined);
process.on('exit', () => undefined);
process.once('beforeExit', () => undefined);
process.title = 'agent';
process.env['SET_BY_GRAPH'] = 'yes';
const timer = setInterval(() => undefined, 1_000);
timer.unref();
const isMain = process.argv[1] === import.meta.filename;
export const graph = new StateGraph(Annotation.Root({ out: Annotation<unknown> }))
  .addNode('a', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.env.SET_BY_GRAPH']);
    process.stdout.write('out\n');
    process.stderr.write('err\n');
    console.table([{ a: 1 }]);
    console.time('t');
    console.timeEnd('t');
    process.emitWarning('careful', { code: 'ZOO001' });
    return {
      out: [
        stdout.trim(),
        isMain,
        typeof process.memoryUsage().rss,
        process.stdout.isTTY ?? false,
        process.exitCode ?? null,
        typeof process.hrtime.bigint(),
      ],
    };
  })
  .addEdge(START, 'a')
  .compile();
