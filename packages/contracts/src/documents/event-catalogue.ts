/** The types of status events with when they come and an example each, for documents that are generated. */
import { assistantIdOfGraph } from '../ids.ts';
import type { RunStatusEvent } from '../events/run-status-event.ts';
import { STATUS_OF_EVENT_TYPE, isTerminalEventType } from '../run-status.ts';
import type { RunStatusEventType } from '../run-status.ts';
import { WEBHOOK_NOTICE_EXAMPLES, WEBHOOK_NOTICE_MOMENTS } from '../events/webhook-notice.ts';

/** When each type comes. */
export const EVENT_MOMENTS: Readonly<Record<RunStatusEventType, string>> = {
  'run.pending': 'The run was admitted.',
  'run.running': 'An attempt has started.',
  'run.succeeded': 'The graph has reached its end.',
  'run.paused': 'The graph has stopped at interrupt() or at a breakpoint; interrupts and next say where.',
  'run.failed': 'The graph threw, the attempts are used up, or the request proved impossible when its turn came.',
  'run.timed_out': 'An attempt took longer than the time limit.',
  'run.interrupted': 'The run was superseded or cancelled; the supersteps that it has finished stay.',
  'run.rolled_back': 'The run was superseded or cancelled; the thread is as before the run.',
  'run.rejected': 'The run was refused at admission; nothing ran.',
};

const RUN_ID = '7c4ff6f0-8d2b-4b64-9c51-2f6f1f0f7c01';
const OTHER_RUN_ID = '7c4ff6f0-8d2b-4b64-9c51-2f6f1f0f7c02';
const at = (second: number): string => `2026-01-02T12:00:0${second}.000Z`;

const COUNTS = { calls: 2, input_tokens: 900, output_tokens: 120, cached_tokens: 640, reasoning_tokens: 0 };

/** Every field, for a run that was just admitted. */
const PENDING: RunStatusEvent = {
  event_id: '5c1e0d4b-7d5c-4a55-9d5c-3d1b2f0a9c11',
  type: 'run.pending',
  sequence: 1,
  occurred_at: at(0),
  run_id: RUN_ID,
  thread_id: 'customer-42',
  assistant_id: assistantIdOfGraph('agent'),
  graph_id: 'agent',
  attempt: 0,
  multitask_strategy: 'enqueue',
  metadata: { tenant: 'acme' },
  metadata_omitted: false,
  created_at: at(0),
  updated_at: at(0),
  run_started_at: null,
  run_ended_at: null,
  status: 'pending',
  thread_status: 'busy',
  reason: null,
  superseded_by: null,
  blocked_by: null,
  interrupts: null,
  interrupts_omitted: false,
  interrupts_lossy: false,
  next: null,
  checkpoint_id: null,
  values: null,
  values_omitted: false,
  values_lossy: false,
  usage: null,
  abandoned_interrupts: null,
  error: null,
  webhook: null,
};

const HEAD = {
  checkpoint_id: '1f0e7c1e-5a3c-6c10-8002-9a7d0c4b1a11',
  next: [],
  interrupts: [],
  values: { answer: 42 },
};
const USAGE = [{ model: 'gpt-5-mini', ...COUNTS, attempt: COUNTS }];

/** An example of each type: what `PENDING` has, and what is different. */
export const EVENT_EXAMPLES: Readonly<Record<RunStatusEventType, RunStatusEvent>> = {
  'run.pending': PENDING,
  'run.running': of('run.running', {}),
  'run.succeeded': of('run.succeeded', { ...HEAD, thread_status: 'idle', usage: USAGE }),
  'run.paused': of('run.paused', {
    ...HEAD,
    thread_status: 'interrupted',
    next: ['approve'],
    interrupts: [{ id: '9f0d4c0b3a6c4a0e8f1d2b3c4d5e6f70', value: { question: 'Send the mail?' } }],
    values: { draft: 'Dear customer' },
    usage: USAGE,
  }),
  'run.failed': of('run.failed', {
    thread_status: 'error',
    reason: 'graph_error',
    error: { error: 'TypeError', message: 'fetch failed' },
  }),
  'run.timed_out': of('run.timed_out', {
    thread_status: 'error',
    error: { error: 'RunTimedOut', message: 'The attempt took longer than 3600 s (RUNLANE_RUN_TIMEOUT_SECONDS).' },
  }),
  'run.interrupted': of('run.interrupted', {
    ...HEAD,
    next: ['answer'],
    reason: 'superseded',
    superseded_by: OTHER_RUN_ID,
    abandoned_interrupts: ['3b1c9f0d4c0b3a6c4a0e8f1d2b3c4d5e'],
  }),
  'run.rolled_back': of('run.rolled_back', { thread_status: 'idle', reason: 'cancelled' }),
  'run.rejected': of('run.rejected', {
    sequence: 1,
    attempt: 0,
    run_started_at: null,
    thread_status: 'interrupted',
    reason: 'thread_status',
    error: {
      error: 'thread_status',
      message: 'Thread customer-42 is interrupted, and if_thread_status lists only idle.',
      thread_status: 'interrupted',
    },
  }),
};

function of(type: RunStatusEventType, differs: Partial<RunStatusEvent>): RunStatusEvent {
  const isOver = isTerminalEventType(type);
  return {
    ...PENDING,
    type,
    status: STATUS_OF_EVENT_TYPE[type],
    sequence: isOver ? 3 : 2,
    occurred_at: at(isOver ? 5 : 1),
    updated_at: at(isOver ? 5 : 1),
    attempt: 1,
    run_started_at: at(1),
    run_ended_at: isOver ? at(5) : null,
    ...differs,
  };
}

/** The notices of webhooks, in the same document. */
function noticeCatalogue(): string {
  const sections = WEBHOOK_NOTICE_EXAMPLES.map(
    (notice) =>
      `## ${notice.type}\n\n${WEBHOOK_NOTICE_MOMENTS[notice.type]}\n\n\`\`\`json\n${JSON.stringify(notice, null, 2)}\n\`\`\`\n`,
  );
  return `${NOTICE_HEADER}\n${sections.join('\n')}`;
}

const NOTICE_HEADER = `# Notices of webhooks

On \`webhooks.ops.v1\`, for operators: how a URL or an origin stands that was in trouble. Changes within a minute are one: the last of
them is told. \`WebhookNotice.schema.json\` describes each field.
`;

/** The catalogue as a document in Markdown. */
export function eventCatalogue(): string {
  const sections = Object.entries(EVENT_EXAMPLES).map(([type, event]) => {
    const changed = Object.entries(event).filter(
      ([field, value]) =>
        type === 'run.pending' || JSON.stringify(value) !== JSON.stringify(Reflect.get(PENDING, field)),
    );
    const json = JSON.stringify(Object.fromEntries(changed), null, 2);
    return `## ${type}\n\n${EVENT_MOMENTS[event.type]} Its \`status\` is \`${event.status}\`${
      isTerminalEventType(event.type) ? ', and nothing more comes from the run' : ''
    }.\n\n\`\`\`json\n${json}\n\`\`\`\n`;
  });
  return `${HEADER}\n${sections.join('\n')}\n${noticeCatalogue()}`;
}

const HEADER = `# Status events

Written by \`npm run generate\`. An event has every field; the first example shows all of them, the others those in which they differ
from it. \`event_id\` differs for each event, and \`RunStatusEvent.schema.json\` describes each field.
`;
