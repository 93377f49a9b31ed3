import { readFileSync } from 'node:fs';

/** The version that a `package.json` has. */
export function versionOf(manifest: URL): string {
  const content: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  if (typeof content === 'object' && content !== null && 'version' in content) return String(content.version);
  throw new Error(`${manifest.pathname} has no version.`);
}
