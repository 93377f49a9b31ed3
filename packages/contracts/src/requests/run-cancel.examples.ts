import type { Json } from '../json.ts';
import type { RunCancel } from './run-cancel.ts';

const RUN_ID = '0b9f2a3c-4d5e-6f70-8192-a3b4c5d6e7f8';

/** Valid cancels, and how they are read. */
export const GOOD_CANCELS: { json: Json; request: RunCancel }[] = [
  { json: { thread_id: 't' }, request: { thread_id: 't', run_id: null, action: 'interrupt' } },
  { json: { run_id: RUN_ID.toUpperCase() }, request: { thread_id: null, run_id: RUN_ID, action: 'interrupt' } },
  {
    json: { thread_id: 't', run_id: RUN_ID, action: 'rollback' },
    request: { thread_id: 't', run_id: RUN_ID, action: 'rollback' },
  },
  {
    json: { thread_id: 't', run_id: null, action: null },
    request: { thread_id: 't', run_id: null, action: 'interrupt' },
  },
  {
    json: { thread_id: null, run_id: RUN_ID, action: 'interrupt' },
    request: { thread_id: null, run_id: RUN_ID, action: 'interrupt' },
  },
];

/** Invalid cancels, and where the first problem is. */
export const BAD_CANCELS: { json: Json; at: string }[] = [
  { json: {}, at: 'run_id' },
  { json: { thread_id: null, run_id: null }, at: 'run_id' },
  { json: { action: 'rollback' }, at: 'run_id' },
  { json: { thread_id: '' }, at: 'thread_id' },
  { json: { thread_id: 'a\u0001' }, at: 'thread_id' },
  { json: { thread_id: 'x'.repeat(256) }, at: 'thread_id' },
  { json: { thread_id: 1 }, at: 'thread_id' },
  { json: { thread_id: 't', run_id: 'r' }, at: 'run_id' },
  { json: { thread_id: 't', run_id: 1 }, at: 'run_id' },
  { json: { thread_id: 't', action: 'cancel' }, at: 'action' },
  { json: { thread_id: 't', action: true }, at: 'action' },
  { json: { thread_id: 't', assistant_id: 'agent' }, at: 'RunCancel' },
  { json: { thread_id: 't', wait: null }, at: 'RunCancel' },
  { json: null, at: 'RunCancel' },
  { json: [], at: 'RunCancel' },
  { json: 't', at: 'RunCancel' },
];
