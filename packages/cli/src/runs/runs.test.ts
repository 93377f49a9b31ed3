/** The messages when nobody answers. Real: the client; nobody listens at its address. */
import { RunPublisher } from '@runlane/client';
import { expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { publish } from './runs.ts';

const client: Client = {
  publisher: () => new RunPublisher({ brokers: ['127.0.0.1:9'], timeoutMs: 300 }),
  events: () => Promise.reject(new Error('nobody waits')),
};

test('the message about an unconfirmed request says how to repeat it as the same run', async () => {
  const request = { thread_id: "it's", assistant_id: 'chat', input: {} };
  const error = await publish(JSON.stringify(request), {}, client, () => undefined).catch((thrown: unknown) => thrown);
  const printed = String(error);
  expect(printed).toMatch(/was not confirmed/);
  const [, shown = ''] = /\nTo repeat it as the same run: runlane publish '(.*)'$/.exec(printed) ?? [];
  expect(JSON.parse(shown.replaceAll(String.raw`'\''`, "'"))).toEqual({ ...request, run_id: expect.any(String) });
});

test('for a long request only the run_id is shown', async () => {
  const request = { thread_id: 't', assistant_id: 'chat', input: 'x'.repeat(10_000), run_id: crypto.randomUUID() };
  const asked = publish(JSON.stringify(request), {}, client, () => undefined);
  await expect(asked).rejects.toThrow(`Publish the same request with "run_id": "${request.run_id}" in it`);
});
