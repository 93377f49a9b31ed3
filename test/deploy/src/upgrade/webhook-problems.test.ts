/** The judge of the webhooks in the proof of upgrades: what it must not overlook. */
import { statusEvent } from '@runlane/testkit';
import { expect, test } from 'vitest';
import { webhookProblems } from './webhook-problems.ts';

const end = statusEvent({ type: 'run.succeeded' });
const { event_id } = end;
const delivery = { event_id, state: 'delivered', sends: 1 };
const request = { event: { event_id } };

test('a webhook that was sent once and arrived is no problem, nor one that arrived each time it was sent', () => {
  expect(webhookProblems([end], [delivery], [request])).toEqual([]);
  expect(webhookProblems([end], [{ ...delivery, sends: 2 }], [request, request])).toEqual([]);
});

test.for([
  ['no delivery was made', [], [], ['has no delivery', 'has not arrived']],
  ['it never arrived', [delivery], [], ['has not arrived']],
  ['it arrived once more than was noted', [delivery], [request, request], ['arrived 2 times in 1 sends']],
  ['two deliveries were made', [delivery, delivery], [request], ['has 2 deliveries']],
  ['its delivery is dead', [{ ...delivery, state: 'dead' }], [request], ['is dead']],
] as const)('it is a problem when %s', ([, deliveries, requests, expected]) => {
  const problems = webhookProblems([end], deliveries, requests);
  expect(problems).toEqual(expected.map((words) => expect.stringContaining(words) as string));
});

test('it is a problem when a webhook tells of an event that is no end', () => {
  expect(webhookProblems([], [delivery], [request])).toEqual([`webhook ${event_id} tells of no end of a run`]);
});
