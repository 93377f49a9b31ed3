/**
 * The component msk-iam gives the services a module, which signs with the package that the project in the image has.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { KUBERNETES } from './render.ts';

const PROVIDER = join(KUBERNETES, 'components', 'msk-iam', 'token-provider.mjs');
/** In place of the signer of AWS, with its signature: the time of expiry in milliseconds. */
const SIGNER = `exports.generateAuthToken = async ({ region }) => ({ token: 'signed for ' + region, expiryTime: 1_700_000_000_000 });`;

test('a token is signed with the package of the project for the region of the cluster, and without a region the module fails', async () => {
  const project = await mkdtemp(join(tmpdir(), 'runlane-msk-'));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(project, { recursive: true });
  });
  const signer = join(project, 'node_modules', 'aws-msk-iam-sasl-signer-js');
  await mkdir(signer, { recursive: true });
  await writeFile(join(signer, 'index.js'), SIGNER);
  vi.stubEnv('LANGGRAPH_CONFIG', join(project, 'langgraph.json'));
  const loaded: unknown = await import(pathToFileURL(PROVIDER).href);
  const provide = Reflect.get(Object(loaded), 'default') as () => Promise<unknown>;
  vi.stubEnv('AWS_REGION', '');
  await expect(provide()).rejects.toThrow('AWS_REGION');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  expect(await provide()).toEqual({ value: 'signed for eu-west-1', expiresAtMs: 1_700_000_000_000 });
});
