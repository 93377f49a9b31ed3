/** A whole deployment with its console, a receiver of webhooks and a browser. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PAGE_DIRECTORY, buildPage } from '@runlane/console/page-bundle';
import { ServiceProcess } from '@runlane/testkit';
import type { Browser } from 'playwright-core';
import { inject } from 'vitest';
import type { World } from '../support/world.ts';
import { WebhookWorld } from '../webhooks/webhook-world.ts';
import { launchBrowser } from './browser.ts';

const CONSOLE = new URL('../../../../services/console/src/main.ts', import.meta.url);

export type ConsoleWorld = {
  world: World;
  browser: Browser;
  /** Of the console. */
  address: string;
  served: ServiceProcess;
  /** URL of the receiver. */
  webhook: string;
  /** How often the receiver was sent something. */
  received: () => number;
};

/** What it starts ends with `resources`. */
export async function startConsoleWorld(resources: AsyncDisposableStack): Promise<ConsoleWorld> {
  const options = { brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') };
  const built = buildPage(PAGE_DIRECTORY);
  const launched = launchBrowser();
  launched.catch(() => undefined); // awaited below
  const webhooks = resources.use(await WebhookWorld.create(options));
  const world = resources.use(webhooks.world);
  const runConsumer = world.runConsumer({ RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' });
  const dispatcher = webhooks.dispatcher();
  let received = 0;
  const receiver = createServer((request, response) => {
    received += 1;
    request.resume();
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  resources.defer(() => void receiver.close());
  await built;
  const served = resources.use(
    new ServiceProcess(CONSOLE, {
      KAFKA_BROKERS: options.brokers.join(','),
      DATABASE_URL: world.databaseUrl,
      RUNLANE_TOPIC_PREFIX: world.prefix,
      RUNLANE_CONSOLE_ACTIONS: 'on',
      RUNLANE_CONSOLE_TRACE_URL: 'https://traces.example/trace/{trace_id}',
    }),
  );
  const browser = await launched;
  resources.defer(() => browser.close());
  await Promise.all([runConsumer.ready(), dispatcher.ready(), served.ready()]);
  const [line] = served.logged('console.listening');
  return {
    world,
    browser,
    address: `http://127.0.0.1:${String(line?.['console_port'])}`,
    served,
    webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
    received: () => received,
  };
}

/** Lanes of one run each, of a graph that nobody has, as a deployment would have them that lost its executor. */
export async function addLanes(world: World, count: number): Promise<void> {
  await world.pool.query(
    `insert into runlane.runs (run_id, thread_id, assistant_id, graph_id, status, multitask_strategy, request, fingerprint,
       metadata, lane_position, source_topic, source_partition, source_offset)
     select gen_random_uuid(), 'lane-' || lpad(number::text, 5, '0'), 'gone', 'gone', 'pending', 'enqueue', '{}', '', '{}', 1,
       't', 0, number
     from generate_series(1, $1::integer) as number`,
    [count],
  );
}
