import { fork } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A child process that answers one question at a time. It ends with the stack it is put in. */
export class AskedChild<Question extends Serializable, Answer> implements Disposable {
  readonly #child: ChildProcess;
  #answer = Promise.withResolvers<Answer>();

  constructor(module: URL) {
    this.#child = fork(fileURLToPath(module), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (answer: Answer) => this.#answer.resolve(answer));
    this.#child.once('exit', (code, signal) =>
      this.#answer.reject(new Error(`${fileURLToPath(module)} ended with ${code ?? signal}.`)),
    );
    // A caller gets the rejection; until then it must not count as unhandled.
    this.#answer.promise.catch(() => undefined);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('The child process did not start.');
    return pid;
  }

  tell(what: Question): void {
    this.#child.send(what);
  }

  /** Thrown when the child ends. */
  ask(question: Question): Promise<Answer> {
    this.#answer = Promise.withResolvers<Answer>();
    this.#child.send(question);
    return this.#answer.promise;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
