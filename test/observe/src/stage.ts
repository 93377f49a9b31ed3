/** What the parts look at: servers of their own, and a deployment on them. */
import type { Proof } from '@runlane/prove-deploy';
import { OwnServers } from '../../e2e/src/faults/fault-servers.ts';
import { WebhookReceiver } from '../../e2e/src/webhooks/webhook-receiver.ts';
import { WebhookWorld } from '../../e2e/src/webhooks/webhook-world.ts';

/** Where webhooks may go in a proof. */
export const WEBHOOKS_ALLOWED = { RUNLANE_WEBHOOK_ALLOW: 'http://127.0.0.1:*' };

export type Stage = { servers: OwnServers; webhooks: WebhookWorld; receiver: WebhookReceiver };

/** Starts Kafka and Postgres, with topics and a database, and somebody who receives webhooks. All of it ends with the part. */
export async function openStage({ scope }: Proof): Promise<Stage> {
  const kept = <T extends AsyncDisposable>(name: string, resource: T): T => {
    scope.defer(name, () => resource[Symbol.asyncDispose]());
    return resource;
  };
  const servers = kept('servers', await OwnServers.create());
  await servers.start('kafka', 'postgres');
  return {
    servers,
    receiver: kept('receiver', await WebhookReceiver.start()),
    webhooks: await openWorld(scope, servers),
  };
}

/** Topics and a database of their own on the servers. */
export async function openWorld(scope: Proof['scope'], { kafka, postgres }: OwnServers): Promise<WebhookWorld> {
  const webhooks = await WebhookWorld.create({ brokers: kafka.brokers, databaseUrl: postgres.url });
  scope.defer('deployment', () => webhooks[Symbol.asyncDispose]());
  return webhooks;
}
