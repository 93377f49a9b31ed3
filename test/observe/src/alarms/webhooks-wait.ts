/** Scene: what can befall webhooks, on their way from the topic to receivers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Proof } from '@runlane/prove-deploy';
import { deleteRecords } from '../../../e2e/src/support/cluster.ts';
import { answerWith } from '../../../e2e/src/webhooks/webhook-receiver.ts';
import { statusEvent } from '../../../e2e/src/webhooks/webhook-world.ts';
import { openWorld } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { Scene } from './scene.ts';

export async function webhooksWait(proof: Proof, { servers, receiver }: Stage, fired: Set<string>): Promise<void> {
  const webhooks = await openWorld(proof.scope, servers);
  const { world } = webhooks;
  const dispatcher = await webhooks.started();
  const scene = await Scene.open(proof, { dispatcher }, fired);
  const events = (count: number, path: string) =>
    Array.from({ length: count }, () => statusEvent({ webhook: receiver.url(path) }));

  await webhooks.publish(...events(3, '/well'));
  await webhooks.ended(3);
  await scene.fires(['WebhookRecordsQuarantined'], 'something else writes to the status topic', () =>
    webhooks.publishRecords({ key: 'junk', value: Buffer.from('junk'), headers: {} }),
  );
  receiver.answer = answerWith(410);
  await scene.fires(['WebhookEndpointsDisabled', 'WebhooksDie'], 'a receiver answers 410', () =>
    webhooks.publish(...events(1, '/gone')),
  );
  receiver.answer = answerWith(500);
  await scene.fires(['WebhookReceiversFail'], 'a receiver fails', () => webhooks.publish(...events(20, '/down')));
  receiver.answer = (response) => void sleep(1_000).then(() => response.writeHead(204).end());
  await scene.fires(['WebhooksLate'], 'more is to be delivered than the dispatcher delivers', () =>
    webhooks.publish(...events(100, '/slow')),
  );
  receiver.answer = answerWith(204);

  const client = await world.pool.connect();
  try {
    await client.query('begin');
    // How far intake has come can still be read, and what is to be delivered cannot.
    await client.query('lock table webhooks.accounts in exclusive mode');
    await client.query('lock table webhooks.deliveries in access exclusive mode');
    await scene.fires(
      ['WebhookIntakeLags', 'WebhookLedgerUnread'],
      'a lock in the database stops the dispatcher, and events go on',
      () => webhooks.publish(...events(1_100, '/later')),
    );
  } finally {
    await client.query('rollback');
    client.release();
  }
  await scene.fires(['WebhookLedgerGap'], 'somebody deletes a delivery', () =>
    world.pool.query(
      'delete from webhooks.deliveries where delivery_id = (select min(delivery_id) from webhooks.deliveries)',
    ),
  );
  await scene.fires(['WebhookEventsLost'], 'the topic loses events while the dispatcher is stopped', async () => {
    dispatcher.signal('SIGSTOP');
    // The first of them answer what it has asked of the topic already, and wait for it in its socket.
    for (const count of [200, 200, 200]) await webhooks.publish(...events(count, '/lost'));
    await deleteRecords(servers.kafka.brokers, world.topics.status);
    dispatcher.signal('SIGCONT');
    // Of an empty partition nobody knows what it has lost.
    await webhooks.publish(...events(200, '/kept'));
  });
  await servers.kafka.freeze();
  await scene.fires(['WebhookEventsUnread'], 'Kafka does not answer', async () => undefined);
  await servers.kafka.thaw();
  await scene.fires(['PartGone dispatcher'], 'the dispatcher is killed', () => dispatcher.kill());
}
