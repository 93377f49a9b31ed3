/**
 * Asks a human before it acts: `interrupt()` ends the run with `run.paused`, and the thread waits.
 *
 *   input   {"recipient": "Ada", "occasion": "your birthday"}
 *   answer  {"approved": true} or {"approved": false, "comment": "too short"}
 */
import { END, START, StateGraph, interrupt } from '@langchain/langgraph';
import { z } from 'zod';

const State = z.object({
  recipient: z.string(),
  occasion: z.string(),
  letter: z.string().optional(),
  decision: z.object({ approved: z.boolean(), comment: z.string().optional() }).optional(),
  outcome: z.string().optional(),
});
type State = z.infer<typeof State>;

function draft({ recipient, occasion }: State) {
  return { letter: `Dear ${recipient}, all the best for ${occasion}!` };
}

/** Runs again from its first line when the answer arrives: whatever precedes `interrupt()` happens twice. */
function review({ letter }: State) {
  return { decision: interrupt({ question: 'Send this letter?', letter }) };
}

function act({ recipient, decision }: State) {
  const outcome = decision?.approved ? `sent to ${recipient}` : `not sent: ${decision?.comment ?? 'no reason given'}`;
  return { outcome };
}

export const graph = new StateGraph(State)
  .addNode('draft', draft)
  .addNode('review', review)
  .addNode('act', act)
  .addEdge(START, 'draft')
  .addEdge('draft', 'review')
  .addEdge('review', 'act')
  .addEdge('act', END)
  .compile();
