/** Decides: what /readyz says of the consumer. */
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';
import { Probes } from './probes.ts';

test('a consumer that has lost its brokers is not ready, and /readyz says why', async () => {
  const refuses = { refusals: () => [] };
  const probes = new Probes({
    database: () => Promise.resolve(true),
    kafka: refuses,
    access: refuses,
    logger: createLogger({ service: 'test', level: 'silent' }),
    consumes: true,
  });
  probes.isStarted();
  const said = async (state: string, lostBecause: string | null) => {
    probes.watchConsumer({ health: () => ({ state, lostBecause }) }, { problems: [] });
    return (await probes.ready())['consumer'];
  };
  expect(await said('joined', null)).toBe(true);
  expect(await said('starting', null)).toBe('the Kafka consumer is starting');
  expect(await said('starting', 'no heartbeat was answered for 12000 ms')).toBe(
    'the Kafka consumer is starting, because: no heartbeat was answered for 12000 ms',
  );
});
