import { expect, test } from 'vitest';
import { readConfig, signInSettings } from './config.ts';

const needed = { KAFKA_BROKERS: 'kafka:9092', DATABASE_URL: 'postgres://u:p@db/runlane' };

test('actions need a login, except from the machine itself', () => {
  const open = { ...needed, RUNLANE_CONSOLE_ACTIONS: 'on' };
  expect(readConfig(open)).toMatchObject({ RUNLANE_CONSOLE_HOST: '127.0.0.1' });
  expect(() => readConfig({ ...open, RUNLANE_CONSOLE_HOST: '0.0.0.0' })).toThrow(/everybody who reaches 0\.0\.0\.0/);
  const asked = { ...open, RUNLANE_CONSOLE_HOST: '0.0.0.0', RUNLANE_CONSOLE_AUTH: 'proxy' };
  expect(readConfig(asked)).toMatchObject({ RUNLANE_CONSOLE_AUTH: 'proxy' });
  expect(readConfig({ ...needed, RUNLANE_CONSOLE_HOST: '0.0.0.0' })).toMatchObject({ RUNLANE_CONSOLE_ACTIONS: 'off' });
});

test('signing in needs all that it is done with, over https', () => {
  const oidc = {
    ...needed,
    RUNLANE_CONSOLE_AUTH: 'oidc',
    RUNLANE_CONSOLE_HOST: '0.0.0.0',
    RUNLANE_CONSOLE_ACTIONS: 'on',
    RUNLANE_CONSOLE_URL: 'https://console.example',
    RUNLANE_CONSOLE_OIDC_ISSUER: 'https://login.example/realms/ops',
    RUNLANE_CONSOLE_OIDC_CLIENT_ID: 'console',
    RUNLANE_CONSOLE_OIDC_ALLOW: 'ops, on-call',
    RUNLANE_CONSOLE_SESSION_KEY: 'k'.repeat(32),
  };
  expect(signInSettings(readConfig(oidc))).toMatchObject({ rule: { claim: 'email', allow: ['ops', 'on-call'] } });
  expect(signInSettings(readConfig(needed))).toBeNull();
  for (const name of Object.keys(oidc).filter(
    (each) => /_(URL|ISSUER|ID|ALLOW|KEY)$/.test(each) && each !== 'DATABASE_URL',
  )) {
    expect(() => readConfig({ ...oidc, [name]: '' })).toThrow(
      `${name} is not set, which RUNLANE_CONSOLE_AUTH=oidc needs`,
    );
  }
  expect(() => readConfig({ ...oidc, RUNLANE_CONSOLE_OIDC_ISSUER: 'http://login.example' })).toThrow(
    /ISSUER is not https/,
  );
  expect(() => readConfig({ ...oidc, RUNLANE_CONSOLE_URL: 'http://console.example' })).toThrow(/URL is not https/);
  expect(() => readConfig({ ...oidc, RUNLANE_CONSOLE_URL: 'https://console.example/x' })).toThrow(/without a path/);
  expect(readConfig({ ...oidc, RUNLANE_CONSOLE_URL: 'http://127.0.0.1:8090' })).toBeDefined();
});
