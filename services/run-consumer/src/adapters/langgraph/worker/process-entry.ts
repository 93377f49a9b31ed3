/**
 * The inside of a run's own process: one worker thread with the graph, and beside it, never blocked by the graph, this
 * relay of messages, which ends the process when the service is gone or silent.
 */
import { startThread } from './graph-host.ts';
import type { GraphHost } from './graph-host.ts';
import { LeaseEnd } from './lease-end.ts';
import type { FromProcess, ToProcess } from './messages.ts';
import { SILENCE_EXIT_CODE } from './own-process.ts';

const leaseEnd = new LeaseEnd();
let host: GraphHost | null = null;
let silence: NodeJS.Timeout | null = null;
let heardCount = 0;

process.on('message', (message: ToProcess) => {
  heardCount += 1;
  silence?.refresh();
  switch (message.type) {
    case 'open': {
      const { settings, memoryMb, silenceMs } = message;
      silence = setTimeout(endUnlessHeard, silenceMs);
      host = startThread(
        { settings, memoryMb, environment: process.env, leaseEnd },
        { onMessage: tell, onEnd: (error) => tell({ type: 'crashed', message: error.message }) },
      );
      return;
    }
    case 'alive':
      leaseEnd.write(message.leaseEnd);
      return;
    case 'start':
    case 'abort':
    case 'drain':
    case 'ping':
    case 'finish':
      host?.send(message);
      return;
  }
});

/** What arrived while this process itself stood still is only read after its timers. */
function endUnlessHeard(): void {
  const before = heardCount;
  setImmediate(() => {
    if (heardCount === before) process.exit(SILENCE_EXIT_CODE);
  });
}

// By force: a graph in native code does not let a process exit.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

function tell(message: FromProcess): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
