import { RegistryDenied } from '@runlane/kafka';
import { RetryableError } from '@runlane/service-kit';
import { expect, test } from 'vitest';
import { looking } from './check.ts';

test('a check that fails says what to change, and one that the registry refuses only what the refusal says', async () => {
  const detailOf = async (error: Error): Promise<string | undefined> =>
    (await looking('subject', 'Register it.', () => Promise.reject(error)))[0]?.detail;
  expect(await detailOf(new RetryableError('It does not answer.'))).toBe('It does not answer. Register it.');
  expect(await detailOf(new RegistryDenied('It answered 401. Look at the password.'))).toBe(
    'It answered 401. Look at the password.',
  );
});
