import type { RunCreateInput } from '@runlane/contracts';
import { topicNames } from '@runlane/contracts';
import type { KafkaConnection } from '@runlane/kafka';

type DemoRun = RunCreateInput & { thread_id: string };

/** Two runs of one thread keep their order; the other threads do not wait for them, nor for each other. */
const demoRuns = (webhook: string): DemoRun[] => [
  { ...say('Hello'), webhook },
  { thread_id: 'demo-worker', assistant_id: 'worker', input: { steps: 3, delay_ms: 500 } },
  { thread_id: 'demo-approval', assistant_id: 'approval', input: { recipient: 'Ada', occasion: 'your birthday' } },
  say('What did I say?'),
];

function say(content: string): DemoRun {
  return { thread_id: 'demo-chat', assistant_id: 'chat', input: { messages: [{ role: 'user', content }] } };
}

/**
 * Publishes the runs of the demo, as any producer would: plain JSON, keyed by the thread.
 *
 * @param webhook URL to which the end of one of them is sent
 */
export async function publishDemoRuns(kafka: KafkaConnection, topicPrefix: string, webhook: string): Promise<void> {
  const { requests } = topicNames(topicPrefix);
  const producer = await kafka.producer();
  try {
    await producer.publish(
      demoRuns(webhook).map((run) => ({
        topic: requests,
        key: run.thread_id,
        value: Buffer.from(JSON.stringify(run)),
        headers: {},
      })),
    );
  } finally {
    await producer.close();
  }
}
