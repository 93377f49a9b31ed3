/**
 * The inside of a run's own process: one worker thread with the graph, and beside it, never blocked by the graph, this
 * relay of messages, which ends the process when the service is gone or silent.
 */
import type { CacheRequest } from '../cache/cache-messages.ts';
import { startThread } from './graph-host.ts';
import type { GraphHost } from './graph-host.ts';
import { LeaseEnd } from './lease-end.ts';
import type { FromProcess, ToProcess } from './messages.ts';
import { SILENCE_EXIT_CODE } from './own-process.ts';
import { fullHeap } from './worker-outcomes.ts';

const leaseEnd = new LeaseEnd();
let host: GraphHost | null = null;
let silence: NodeJS.Timeout | null = null;
let heardCount = 0;

process.on('message', (message: ToProcess) => {
  heardCount += 1;
  silence?.refresh();
  switch (message.type) {
    case 'open': {
      const { settings, memoryMb, roomMb, silenceMs } = message;
      silence = setTimeout(endUnlessHeard, silenceMs);
      host = startThread(
        { settings, memoryMb, roomMb, environment: process.env, leaseEnd, answerCache },
        {
          onMessage: tell,
          onEnd: (error) => endAsCrashed(error.message),
          isBusy: () => true,
          onFull: () => endAsCrashed(fullHeap(memoryMb)),
        },
      );
      return;
    }
    case 'alive':
      leaseEnd.write(message.leaseEnd);
      return;
    case 'cached':
    case 'start':
    case 'abort':
    case 'drain':
    case 'ping':
    case 'finish':
      host?.send(message);
      return;
  }
});

/** Messages that arrived while this process itself was blocked are read only after its timers. */
function endUnlessHeard(): void {
  const before = heardCount;
  setImmediate(() => {
    if (heardCount === before) process.exit(SILENCE_EXIT_CODE);
  });
}

process.on('disconnect', endByForce);

/** The service gets the reason before it sees the exit; only the exit ends the attempt. */
function endAsCrashed(message: string): void {
  process.send?.({ type: 'crashed', message } satisfies FromProcess, undefined, undefined, endByForce);
}

/** A graph that executes native code does not let a process exit. */
function endByForce(): void {
  process.kill(process.pid, 'SIGKILL');
}

/** The cache is the service's, which answers. */
function answerCache(request: CacheRequest): null {
  tell(request);
  return null;
}

function tell(message: FromProcess): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
