import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withAbsoluteFiles } from './database-files.ts';

test('file paths in a Postgres URL stay valid when the working directory changes', () => {
  const url = new URL(withAbsoluteFiles('postgres://u:p%40@h:5432/d?sslmode=verify-full&sslrootcert=./ca.pem'));
  expect(url.searchParams.get('sslrootcert')).toBe(resolve('./ca.pem'));
  expect(url.password).toBe('p%40');
});

test.each([
  'postgres://u@h/d',
  'postgres://u@h/d?sslrootcert=/etc/ca.pem',
  'postgres://u@h/d?sslrootcert=system',
  'postgres:///d?host=/var/run',
])('%s stays as it is', (url) => expect(withAbsoluteFiles(url)).toBe(url));
