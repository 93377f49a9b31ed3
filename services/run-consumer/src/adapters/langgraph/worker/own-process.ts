/**
 * Purpose   Starts a process for a single run that may crash its process: then only that process dies (I10).
 * I3        Such a process ends with this one, and also when this one stops answering for half a lease, because the run
 *           may then be executed elsewhere: a frozen process cannot end its children.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GraphHost, HostEvents, HostOptions } from './graph-host.ts';
import type { FromProcess, ToProcess } from './messages.ts';

const ENTRY = fileURLToPath(new URL('./process-entry.ts', import.meta.url));

/** Exit code of a process that ended because the service was silent; its graph is not the cause. */
export const SILENCE_EXIT_CODE = 75;

/** @param silenceMs milliseconds without a message after which the process ends itself: half a lease */
export function startOwnProcess(options: HostOptions, silenceMs: number, events: HostEvents): GraphHost {
  const child = fork(ENTRY, {
    cwd: options.settings.directory,
    env: options.environment,
    serialization: 'advanced',
  });
  const exited = Promise.withResolvers<void>();
  child.once('close', () => exited.resolve());
  // A process that has just died takes no message; only its exit counts.
  const send = (message: ToProcess) => child.send(message, () => undefined);
  const { settings, memoryMb, roomMb } = options;
  send({ type: 'open', settings, memoryMb, roomMb, silenceMs });
  const tellAlive = () => send({ type: 'alive', leaseEnd: options.leaseEnd.read() });
  tellAlive();
  const alive = setInterval(tellAlive, silenceMs / 5);
  let reason: string | null = null;
  child.on('message', (message: FromProcess) => {
    // It executes until it has exited (I9).
    if (message.type === 'crashed') reason = message.message;
    else if (message.type === 'cache') {
      const answer = options.answerCache(message);
      if (answer !== null) send(answer);
    } else events.onMessage(message);
  });
  child.on('error', (error) => {
    // A process that could not be started does not exit either, and its graph is not the cause.
    if (child.pid === undefined) exited.resolve();
    events.onEnd(error, child.pid !== undefined);
  });
  void exited.promise.then(() => clearInterval(alive));
  child.on('exit', (code, signal) => {
    const how = code === null ? `by ${signal}` : `with code ${code}`;
    const message = reason ?? `The process of the run ended ${how}.`;
    events.onEnd(new Error(message), code !== SILENCE_EXIT_CODE);
  });
  return {
    send,
    terminate: async () => {
      child.kill('SIGKILL');
      await exited.promise;
    },
  };
}
