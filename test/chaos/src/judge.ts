import type { History, Problem } from './history.ts';
import { judgeAttempts } from './judges/attempts.ts';
import { judgeEffects } from './judges/effects.ts';
import { judgeEnds } from './judges/ends.ts';
import { judgeLanes } from './judges/lanes.ts';
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
    ...judgeWebhooks(history),
  ];
}
