import type { History, Problem } from './history.ts';
import { judgeAttempts } from './judges/attempts.ts';
import { judgeDelays } from './judges/delays.ts';
import { judgeEffects } from './judges/effects.ts';
import { judgeEnds } from './judges/ends.ts';
import { judgeLanes } from './judges/lanes.ts';
import { judgeSecrets } from './judges/secrets.ts';
import { judgeStates } from './judges/states.ts';
import { judgeWebhooks } from './judges/webhooks.ts';

/** All violations that can be seen from outside. */
export function judge(history: History): Problem[] {
  return [
    ...judgeEnds(history),
    ...judgeLanes(history),
    ...judgeAttempts(history),
    ...judgeEffects(history),
    ...judgeStates(history),
    ...judgeDelays(history),
    ...judgeSecrets(history),
    ...judgeWebhooks(history),
  ];
}

/** Laws that nobody has judged, because nothing was seen of what they are about. A verdict without them is none. */
export function unjudged(history: History): Problem[] {
  const seen: [laws: string, what: string, count: number][] = [
    ['I1, I2, I4', 'request', history.requests.length],
    ['I5, I6', 'event', history.events.length],
    ['I1', 'dead letter', history.deadLetters.length],
    ['I3, I9', 'step of a graph', history.effects.length],
    ['I7, I8', 'state of a thread', [...history.states.values()].filter((state) => state !== null).length],
    ['I10', 'run that is stuck while all others end', history.stuckCount],
    ['I10', 'request to a URL that gives no answer', history.silentCount],
    ['I13', 'log line or metric', history.told.length],
    ['I14', 'webhook', history.deliveries.honest.length],
  ];
  return seen
    .filter(([, , count]) => count === 0)
    .map(([laws, what]) => ({ law: 'judge', thread: null, what: `${laws} was not judged: no ${what} was seen` }));
}
