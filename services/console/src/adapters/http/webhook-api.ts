/** The readings of webhooks and of dead letters. */
import type { DeliveryState, WebhookLists } from '@runlane/webhook-dispatcher/operations';
import { Hono } from 'hono';
import { z } from 'zod';
import type { DeadLetters } from '../../app/dead-letters.ts';
import type { Caller } from './access.ts';
import { BadRequest, NotFound } from './bad-request.ts';
import { cursorText, readCursor } from './cursor.ts';
import { answer, needed } from './read-api.ts';

const DELIVERIES_PER_PAGE = 100;
/** Bounds what is read for a page of a rare state, such as dead deliveries among a million. */
const DELIVERIES_LOOKED_AT = 5_000;
const TARGETS_SHOWN = 500;
const STATES: readonly DeliveryState[] = ['due', 'delivered', 'dead'];

const placeOfLetter = z.record(z.string().regex(/^\d{1,6}$/), z.string().regex(/^\d{1,18}$/));

export function webhookApi(lists: Pick<WebhookLists, 'targets' | 'deliveries' | 'search' | 'attempts'>): Hono<Caller> {
  return new Hono<Caller>()
    .get('/targets', async (context) => {
      const targets = await lists.targets({ limit: TARGETS_SHOWN });
      return answer(context, { targets, isWhole: targets.length < TARGETS_SHOWN });
    })
    .get('/deliveries', async (context) => {
      const { state = '', before = '' } = context.req.query();
      const page = await lists.search({
        states: state === '' ? null : STATES.filter((known) => known === state),
        before: before === '' ? null : numberOf(before),
        lookLimit: state === '' ? DELIVERIES_PER_PAGE : DELIVERIES_LOOKED_AT,
        limit: DELIVERIES_PER_PAGE,
      });
      return answer(context, page);
    })
    .get('/delivery', async (context) => {
      const id = numberOf(needed(context, 'id'));
      const [delivery] = await lists.deliveries({ deliveryId: id, limit: 1 });
      if (delivery === undefined) {
        throw new NotFound(`There is no delivery ${id}. Delivered ones leave after RUNLANE_WEBHOOK_RETENTION_DAYS.`);
      }
      return answer(context, { delivery, attempts: await lists.attempts(id) });
    });
}

export function deadLetterApi(letters: Pick<DeadLetters, 'page' | 'show'>): Hono<Caller> {
  return new Hono<Caller>()
    .get('/dead-letters', async (context) => {
      const page = await letters.page(readCursor(placeOfLetter, context.req.query('before')));
      return answer(context, { letters: page.letters, next: page.next === null ? null : cursorText(page.next) });
    })
    .get('/dead-letter', async (context) => {
      const id = needed(context, 'id');
      if (!/^\d{1,6}\/\d{1,18}$/.test(id)) throw new BadRequest(`${id} is no dead letter: give partition/offset.`);
      const letter = await letters.show(id);
      if (letter === null) throw new NotFound(`There is no dead letter ${id}. Their topic keeps them for 30 days.`);
      return answer(context, letter);
    });
}

function numberOf(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new BadRequest(`${text} is no delivery; give its number.`);
}
