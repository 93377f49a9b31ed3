import { readFileSync } from 'node:fs';

/** Version of this service, as its package has it. */
export const serviceVersion = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new Error('package.json of webhook-dispatcher has no version.');
}
