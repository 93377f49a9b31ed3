/** The schema registry, where there is one. */
import type { Kafka } from '../deployment-kafka.ts';
import { looking, ok, skipped } from './check.ts';
import type { Check } from './check.ts';

/** Whether the subjects that services and producers look up are there. */
export async function checkRegistry({ codec, topics }: Kafka, hasRegistry: boolean): Promise<Check[]> {
  if (!hasRegistry) return [skipped('schema registry', 'SCHEMA_REGISTRY_URL is not set: values are plain JSON.')];
  const subjects = [
    [topics.requests, 'RunCreate'],
    [topics.requests, 'RunCancel'],
    [topics.status, 'RunStatusEvent'],
    [topics.webhookNotices, 'WebhookNotice'],
  ] as const;
  const checks: Check[] = [];
  for (const [topic, record] of subjects) {
    const name = `subject ${topic}-${record}`;
    const advice = 'Run `runlane schemas register`, or correct SCHEMA_REGISTRY_URL.';
    checks.push(
      ...(await looking(name, advice, async () => [ok(name, `has id ${await codec.resolve(topic, record)}`)])),
    );
  }
  return checks;
}
