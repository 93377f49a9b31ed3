import { expect, test } from 'vitest';
import { heedEnvironment, parseStartOptions } from './start-options.ts';

const shell = {
  PATH: '/bin',
  KAFKA_BROKERS: 'kafka.company:9092',
  KAFKA_SASL_PASSWORD: 'secret',
  KAFKA_HEAP_OPTS: '-Xmx1g',
  SCHEMA_REGISTRY_USERNAME: 'me',
  DATABASE_URL: '',
};

test('variables of servers in the shell count with --external only', () => {
  const { heeded, unheeded } = heedEnvironment(shell, parseStartOptions([]));
  expect(heeded).toEqual({ PATH: '/bin', KAFKA_HEAP_OPTS: '-Xmx1g' });
  expect(unheeded).toEqual(['KAFKA_BROKERS', 'KAFKA_SASL_PASSWORD', 'SCHEMA_REGISTRY_USERNAME']);
});

test('with --external each server is external or started by itself, with all variables about it', () => {
  const { heeded, unheeded } = heedEnvironment(shell, parseStartOptions(['--external']));
  expect(heeded).toMatchObject({ KAFKA_BROKERS: 'kafka.company:9092', KAFKA_SASL_PASSWORD: 'secret' });
  expect(heeded).not.toHaveProperty('SCHEMA_REGISTRY_USERNAME');
  expect(unheeded).toEqual(['SCHEMA_REGISTRY_USERNAME']);
});

test('a secret in a file counts as the secret does', () => {
  const files = { DATABASE_URL_FILE: '/run/url', KAFKA_SASL_PASSWORD_FILE: '/run/password' };
  expect(heedEnvironment(files, parseStartOptions([]))).toEqual({ heeded: {}, unheeded: Object.keys(files) });
  expect(heedEnvironment(files, parseStartOptions(['--external']))).toEqual({
    heeded: { DATABASE_URL_FILE: '/run/url' },
    unheeded: ['KAFKA_SASL_PASSWORD_FILE'],
  });
});
