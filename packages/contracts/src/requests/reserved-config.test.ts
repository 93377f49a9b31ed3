import { expect, it } from 'vitest';
import { reservedConfigKeys } from '../index.ts';

it('finds keys of configurable that only Runlane may set', () => {
  const configurable = JSON.parse(
    '{"model":1,"thread_id":1,"run_id":null,"graph_id":1,"assistant_id":1,"checkpoint_id":1,"checkpoint_ns":1,' +
      '"checkpoint_map":1,"__pregel_send":1,"__pregel_":1,"__pregel":1,"Thread_id":1,"user_id":1,"__proto__":1}',
  );
  expect(reservedConfigKeys(configurable)).toEqual([
    'thread_id',
    'run_id',
    'graph_id',
    'assistant_id',
    'checkpoint_id',
    'checkpoint_ns',
    'checkpoint_map',
    '__pregel_send',
    '__pregel_',
  ]);
});

it('finds none in an empty config', () => {
  expect(reservedConfigKeys(null)).toEqual([]);
  expect(reservedConfigKeys({})).toEqual([]);
});
