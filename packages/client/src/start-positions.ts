import type { KafkaAdmin, KafkaConnection } from '@runlane/kafka';
import { codeOf, EventsError, messageOf } from './errors.ts';
import type { Positions } from './event-reader.ts';

/**
 * Where an iteration begins, and where the wait for a run begins: the wait also sees everything that happens from now on.
 *
 * Thrown: EventsError when the topic is missing, or no broker answers within the limit.
 */
export async function startPositions(
  kafka: KafkaConnection,
  topic: string,
  { from, isGroup, timeoutMs }: { from: Date | 'earliest' | 'latest'; isGroup: boolean; timeoutMs: number },
): Promise<{ reading: Positions; watching: Positions }> {
  const admin = await kafka.admin();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(unavailable(topic, `no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([look(admin, topic, from, isGroup), late.promise]);
  } catch (error) {
    if (error instanceof EventsError) throw error;
    const code = codeOf(error);
    if (code === 'denied' || code === 'misconfigured') throw new EventsError(messageOf(error), { code, cause: error });
    throw unavailable(topic, messageOf(error), error);
  } finally {
    clearTimeout(timer);
    await admin.close();
  }
}

async function look(
  admin: KafkaAdmin,
  topic: string,
  from: Date | 'earliest' | 'latest',
  isGroup: boolean,
): Promise<{ reading: Positions; watching: Positions }> {
  if ((await admin.partitionCount(topic)) === null) {
    throw new EventsError(`The cluster has no topic ${topic}: look at topicPrefix, or create the topics of Runlane.`, {
      code: 'misconfigured',
    });
  }
  const ends = await admin.endOffsets(topic);
  const pick = (end: 'low' | 'high'): Positions =>
    new Map([...ends].map(([partition, offsets]) => [partition, offsets[end]]));
  const reading =
    from instanceof Date ? await admin.offsetsAt(topic, from.getTime()) : pick(from === 'earliest' ? 'low' : 'high');
  return { reading, watching: isGroup ? pick('high') : new Map(reading) };
}

function unavailable(topic: string, why: string, cause?: unknown): EventsError {
  return new EventsError(`The events of ${topic} cannot be read: ${why}. Look at the brokers.`, {
    code: 'unavailable',
    cause,
  });
}
