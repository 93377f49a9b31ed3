import { OwnServers } from '../../../e2e/src/faults/fault-servers.ts';
import { WebhookReceiver } from '../../../e2e/src/webhooks/webhook-receiver.ts';
import { MASTER_KEY, WebhookWorld } from '../../../e2e/src/webhooks/webhook-world.ts';
import type { Proof } from '../part.ts';

/** What a deployment works with. There are no topics, schemas and tables yet. */
export type Surroundings = {
  webhooks: WebhookWorld;
  receiver: WebhookReceiver;
  /** What was wrong with the signatures of webhooks, when they arrived. */
  unverified: readonly string[];
  /** For the command line. */
  environment: Record<string, string>;
};

/** Starts Kafka, a registry, Postgres and somebody who receives webhooks. All of it ends with the part. */
export async function openSurroundings({ scope }: Proof): Promise<Surroundings> {
  const kept = <T extends AsyncDisposable>(name: string, resource: T): T => {
    scope.defer(name, () => resource[Symbol.asyncDispose]());
    return resource;
  };
  const servers = kept('servers', await OwnServers.create());
  await servers.start();
  const { kafka, registry, postgres } = servers;
  const unverified: string[] = [];
  const receiver = kept('receiver', await WebhookReceiver.start());
  receiver.answer = (response, request) => {
    try {
      // The secret that a receiver has from the last release, which it keeps over the upgrade.
      receiver.verifyByOrigin(request, MASTER_KEY);
    } catch (error) {
      unverified.push(`webhook ${request.event.event_id} is not signed: ${String(error)}`);
    }
    response.writeHead(204).end();
  };
  const webhooks = kept(
    'deployment',
    await WebhookWorld.create({
      brokers: kafka.brokers,
      registryUrl: registry.url,
      databaseUrl: postgres.url,
      createTopics: false,
      isPrepared: false,
    }),
  );
  return {
    webhooks,
    receiver,
    unverified,
    environment: {
      KAFKA_BROKERS: kafka.brokers.join(','),
      SCHEMA_REGISTRY_URL: registry.url,
      DATABASE_URL: webhooks.world.databaseUrl,
      RUNLANE_TOPIC_PREFIX: webhooks.world.prefix,
    },
  };
}
