/** The actions of the page, by name. Each is logged with the person who did it. */
import { InvalidRequestError, PublishError } from '@runlane/client';
import { CommandError } from '@runlane/cli/operations';
import type { Logger } from '@runlane/service-kit';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Actions, Done } from '../../app/actions.ts';
import { Refused } from '../../app/actions.ts';
import type { Caller } from './access.ts';

/** Admission accepts no larger request. */
export const MOST_BYTES = 8 * 1024 * 1024;

const text = z.string().min(1).max(1_024);
const place = z.union([
  z.strictObject({
    origin: text,
    urlHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  }),
  z.strictObject({ origin: z.null(), urlHash: z.string().regex(/^[0-9a-f]{64}$/) }),
]);

const BODIES = {
  answer: z.strictObject({ threadId: text, assistantId: text, questionId: text.nullable(), answer: z.unknown() }),
  letOn: z.strictObject({ threadId: text, assistantId: text }),
  cancel: z.strictObject({
    threadId: text.nullable(),
    runId: z.uuid().nullable(),
    action: z.enum(['interrupt', 'rollback']),
  }),
  fork: z.strictObject({ threadId: text, assistantId: text, checkpointId: text, input: z.unknown() }),
  redrive: z.strictObject({
    id: z.string().regex(/^\d{1,6}\/\d{1,18}$/),
    text: z.string().nullable(),
    isAgain: z.boolean(),
  }),
  replay: z.strictObject({ deliveryId: z.string().regex(/^\d{1,18}$/) }),
  pause: place,
  resume: place,
} as const;

type Name = keyof typeof BODIES;

/** What the log records of an action: its object, and nothing of its content. */
const NOTED = new Set([
  'threadId',
  'assistantId',
  'runId',
  'questionId',
  'checkpointId',
  'id',
  'deliveryId',
  'origin',
  'urlHash',
  'action',
]);

/** Characters of each in the log: what is refused may be of any length. */
const MOST_NOTED = 1_024;

export function actionApi(actions: Actions, logger: Logger): Hono<Caller> {
  return new Hono<Caller>().post('/actions/:name', async (context) => {
    const name = context.req.param('name');
    if (!isName(name)) return context.json({ message: `There is no action ${name}.` }, 404);
    const body: unknown = await context.req.json().catch(() => undefined);
    const about = { user: context.get('user'), action: name, ...notedOf(body) };
    try {
      const done = await perform(actions, name, body);
      logger.info({ ...about, run_id: done.runId }, 'action.done');
      return context.json(done);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) logger.error({ ...about, err: error }, 'action.failed');
      else logger.warn({ ...about, why: refusal.message }, 'action.refused');
      if (refusal === null) throw error;
      return context.json({ message: refusal.message }, refusal.status);
    }
  });
}

async function perform(actions: Actions, name: Name, body: unknown): Promise<Done> {
  switch (name) {
    case 'answer':
      return actions.answer(BODIES.answer.parse(body));
    case 'letOn':
      return actions.letOn(BODIES.letOn.parse(body));
    case 'cancel':
      return actions.cancel(BODIES.cancel.parse(body));
    case 'fork':
      return actions.fork(BODIES.fork.parse(body));
    case 'redrive':
      return actions.redrive(BODIES.redrive.parse(body));
    case 'replay':
      return actions.replay({ deliveryIds: [BigInt(BODIES.replay.parse(body).deliveryId)] });
    case 'pause':
      return actions.pause(BODIES.pause.parse(body));
    case 'resume':
      return actions.resume(BODIES.resume.parse(body));
  }
}

function isName(text: string): text is Name {
  return Object.hasOwn(BODIES, text);
}

/** Null: an unexpected error. */
function refusalOf(error: unknown): { status: 400 | 409 | 503; message: string } | null {
  if (error instanceof z.ZodError) return { status: 400, message: z.prettifyError(error) };
  if (error instanceof InvalidRequestError) return { status: 400, message: error.message };
  if (error instanceof Refused || error instanceof CommandError) return { status: 409, message: error.message };
  if (error instanceof PublishError) return { status: 503, message: error.message };
  return null;
}

function notedOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(
    Object.entries(body)
      .filter(([name]) => NOTED.has(name))
      .map(([name, value]) => [`of_${snake(name)}`, typeof value === 'string' ? value.slice(0, MOST_NOTED) : null]),
  );
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
