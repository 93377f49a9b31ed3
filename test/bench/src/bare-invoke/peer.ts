import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BenchServers } from '../bench.ts';
import { ownDatabase } from '../database.ts';
import type { ClosedLoopJob, ClosedLoopResult, InvokeAnswer, InvokeJob, PacedJob, PacedResult } from './protocol.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** The parent's side of the bare loop: one process with a database of its own, which does one job at a time. */
export class BareInvoke {
  readonly #child: ChildProcess;
  #stderr = '';
  #answered = Promise.withResolvers<InvokeAnswer>();

  private constructor(databaseUrl: string) {
    this.#child = fork(CHILD, {
      env: { PATH: process.env['PATH'], DATABASE_URL: databaseUrl },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.#child.on('message', (answer: InvokeAnswer) => this.#answered.resolve(answer));
    this.#child.once('exit', (code, signal) =>
      this.#answered.resolve({ kind: 'failed', why: `it ended with ${code ?? signal}: ${this.#stderr}` }),
    );
  }

  /** Resolves when it can take jobs; it ends with `resources`. */
  static async start(servers: BenchServers, resources: AsyncDisposableStack): Promise<BareInvoke> {
    const peer = new BareInvoke(await ownDatabase(servers, resources));
    resources.defer(() => void peer.#child.kill('SIGKILL'));
    await peer.#answer();
    return peer;
  }

  /** Thrown when an invocation fails. */
  async closedLoop(job: ClosedLoopJob): Promise<ClosedLoopResult> {
    const answer = await this.#ask({ kind: 'closed_loop', ...job });
    if (answer.kind === 'closed_loop') return answer;
    throw new Error('The bare loop answered another job.');
  }

  /** Thrown when an invocation fails. */
  async paced(job: PacedJob): Promise<PacedResult> {
    const answer = await this.#ask({ kind: 'paced', ...job });
    if (answer.kind === 'paced') return answer;
    throw new Error('The bare loop answered another job.');
  }

  async #ask(job: InvokeJob): Promise<InvokeAnswer> {
    this.#answered = Promise.withResolvers<InvokeAnswer>();
    this.#child.send(job);
    return this.#answer();
  }

  async #answer(): Promise<InvokeAnswer> {
    const answer = await this.#answered.promise;
    if (answer.kind === 'failed') throw new Error(`The bare loop of graph.invoke failed: ${answer.why}`);
    return answer;
  }
}
