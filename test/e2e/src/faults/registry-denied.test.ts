/**
 * A schema registry that refuses is no outage (I11). At its start a process ends with an error; later it is not ready,
 * says so, and goes on by itself. Real: everything; in front of the registry a gateway that lets in or refuses as it is
 * told. Decides: exits, logs, the probes, the events.
 */
import { randomUUID } from 'node:crypto';
import { RegistryGateway } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebhookReceiver } from '../webhooks/webhook-receiver.ts';
import { WebhookWorld, eventRecord, statusEvent } from '../webhooks/webhook-world.ts';
import { runCreate } from '../support/world.ts';
import type { World } from '../support/world.ts';
import { waitsFor } from './fault-probes.ts';

const resources = new AsyncDisposableStack();
let gateway: RegistryGateway;
let receiver: WebhookReceiver;
let webhooks: WebhookWorld;
let world: World;
/** For what starts in this file; the test itself asks the registry behind it. */
let through: Record<string, string>;

beforeAll(async () => {
  const registryUrl = inject('registryUrl');
  gateway = resources.use(await RegistryGateway.start({ registryUrl }));
  through = { SCHEMA_REGISTRY_URL: gateway.url };
  receiver = resources.use(await WebhookReceiver.start());
  const servers = { brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl };
  webhooks = resources.use(await WebhookWorld.create(servers));
  ({ world } = webhooks);
  await world.registerContracts();
});
afterAll(() => resources.disposeAsync());

test('a process that never had access ends with an error that says what to check', async () => {
  gateway.refusal = 401;
  const started: Record<string, ServiceProcess> = {
    relay: world.runConsumer({ ...through, RUNLANE_ROLES: 'relay' }),
    admission: world.runConsumer({ ...through, RUNLANE_ROLES: 'admission' }),
    dispatcher: webhooks.dispatcher(through),
  };
  for (const [who, service] of Object.entries(started)) {
    expect([who, await service.exited]).not.toEqual([who, 0]);
    const told = JSON.stringify(service.logs.filter(({ level }) => level === 'error' || level === 'fatal'));
    expect(`${who}: ${told}`).toMatch(
      /The schema registry refuses this service: .*answered 401.*SCHEMA_REGISTRY_PASSWORD/,
    );
  }
});

test('a service that may not read a new schema waits, says so, and goes on by itself', async () => {
  gateway.refusal = null;
  const events = await world.collectEvents();
  const consumer = world.runConsumer(through);
  const dispatcher = webhooks.dispatcher(through);
  const ask = async (frame: (value: Buffer) => Promise<Buffer>) => {
    const runId = randomUUID();
    const record = runCreate('thread', { run_id: runId });
    await world.publish({ ...record, value: await frame(record.value) });
    return runId;
  };
  const tell = async (frame: (value: Buffer) => Promise<Buffer>) => {
    const record = eventRecord(statusEvent({ webhook: receiver.url('/') }));
    await webhooks.publishRecords({ ...record, value: await frame(record.value ?? Buffer.alloc(0)) });
  };
  // What they have looked up they know from here on.
  const first = await ask((value) => world.framed(value));
  await tell((value) => world.newlyFramed(value));
  expect(await events.terminal(first)).toMatchObject({ type: 'run.succeeded' });
  await webhooks.ended(1);

  gateway.refusal = 403;
  const second = await ask((value) => world.newlyFramed(value));
  await tell((value) => world.newlyFramed(value));
  const told = /refuses schema id \d+: .*answered 403.*Grant the user of SCHEMA_REGISTRY_USERNAME/;
  for (const service of [consumer, dispatcher]) await waitsFor(service, 'registry', told);
  gateway.refusal = null;

  expect(await events.terminal(second)).toMatchObject({ type: 'run.succeeded' });
  await webhooks.ended(2);
  for (const service of [consumer, dispatcher]) {
    await service.ready();
    const alarms = service.logs.filter(({ msg }) => msg?.startsWith('registry.refused'));
    expect(alarms.map(({ level }) => level)).toContain('error');
    await service.stopCleanly();
  }
});
