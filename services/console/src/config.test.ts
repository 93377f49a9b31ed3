import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const needed = { KAFKA_BROKERS: 'kafka:9092', DATABASE_URL: 'postgres://u:p@db/runlane' };

test('actions need a login, except from the machine itself', () => {
  const open = { ...needed, RUNLANE_CONSOLE_ACTIONS: 'on' };
  expect(readConfig(open)).toMatchObject({ RUNLANE_CONSOLE_HOST: '127.0.0.1' });
  expect(() => readConfig({ ...open, RUNLANE_CONSOLE_HOST: '0.0.0.0' })).toThrow(/everybody who reaches 0\.0\.0\.0/);
  const asked = { ...open, RUNLANE_CONSOLE_HOST: '0.0.0.0', RUNLANE_CONSOLE_AUTH: 'proxy' };
  expect(readConfig(asked)).toMatchObject({ RUNLANE_CONSOLE_AUTH: 'proxy' });
  expect(readConfig({ ...needed, RUNLANE_CONSOLE_HOST: '0.0.0.0' })).toMatchObject({ RUNLANE_CONSOLE_ACTIONS: 'off' });
});
