import type { RunStatusEvent } from '@runlane/contracts';
import { byThread, distinctEvents, isTerminal } from '../history.ts';
import type { History, Problem } from '../history.ts';

const STEPS = ['first', 'second'];

/**
 * I7, I8: what the threads hold in the end, read by the stock saver. Each run that ended well has applied its input once; one
 * that was rolled back has left nothing; one that was stopped has left a beginning. In the order in which they have ended.
 */
export function judgeStates(history: History): Problem[] {
  const events = byThread(distinctEvents(history));
  return [...history.states].flatMap(([thread, state]) => {
    const ofThread = events.get(thread) ?? [];
    const ends = ofThread.filter(isTerminal).filter(({ attempt }) => attempt > 0);
    if (thread.startsWith('asks-')) return judgeAnswers(thread, ends);
    const labels = state?.['labels'];
    return judgeLabels(thread, Array.isArray(labels) ? labels.map(String) : [], ends);
  });
}

function judgeLabels(thread: string, labels: readonly string[], ends: readonly RunStatusEvent[]): Problem[] {
  let place = 0;
  for (const { run_id: runId, type } of ends) {
    const wanted = STEPS.map((step) => `${runId}:${step}`);
    let count = 0;
    while (count < wanted.length && labels[place] === wanted[count]) {
      place += 1;
      count += 1;
    }
    if (type === 'run.succeeded' && count < wanted.length) {
      return [
        wrong('I7', thread, `the state has ${count} labels of ${runId}, which succeeded: ${near(labels, place)}`),
      ];
    }
    if (type === 'run.rolled_back' && count > 0) {
      return [wrong('I8', thread, `the state has labels of ${runId}, which was rolled back`)];
    }
  }
  if (place === labels.length) return [];
  return [wrong('I7', thread, `the state has a label that no run explains: ${near(labels, place)}`)];
}

/** A pause, then its answer, then the next pause. */
function judgeAnswers(thread: string, ends: readonly RunStatusEvent[]): Problem[] {
  return ends.flatMap((event, index) => {
    const isAnswer = index % 2 === 1;
    if (!isAnswer) return event.type === 'run.paused' ? [] : [wrong('I2', thread, `${event.run_id} did not pause`)];
    const answer = (event.values as { answer?: unknown } | null)?.answer;
    const isRight = event.type === 'run.succeeded' && answer === `answer to ${ends[index - 1]?.run_id}`;
    return isRight
      ? []
      : [wrong('I7', thread, `${event.run_id} ended with ${event.type} and the answer ${String(answer)}`)];
  });
}

function near(labels: readonly string[], place: number): string {
  return labels.slice(Math.max(0, place - 2), place + 3).join(', ');
}

function wrong(law: string, thread: string, what: string): Problem {
  return { law, thread, what };
}
