/** The built page. The package's script `build` makes it, in a folder that is not checked in. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunlaneError } from '@runlane/service-kit';

/** The folder into which `build` writes, and from which the service reads. */
export const PAGE_DIRECTORY = fileURLToPath(new URL('../dist/', import.meta.url));

const ENTRY = fileURLToPath(new URL('../page/main.tsx', import.meta.url));

/** Thrown: RunlaneError `page_not_built`. */
export function assertBuilt(directory: string): void {
  if (existsSync(join(directory, 'index.html'))) return;
  throw new RunlaneError({
    code: 'page_not_built',
    message: `The page is not in ${directory}. Build it: npm run console:build (or \`node build.ts\` in services/console).`,
  });
}

/**
 * Builds the page with esbuild. File names contain a hash, so that browsers may cache the files for ever. Each file appears as a
 * whole, so that a console may serve the folder meanwhile.
 */
export async function buildPage(directory: string): Promise<void> {
  const { build } = await import('esbuild');
  const assets = join(directory, 'assets');
  mkdirSync(assets, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: { page: ENTRY },
    outdir: assets,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'linked',
    write: false,
    logLevel: 'warning',
  });
  const names = outputFiles.map(({ path }) => basename(path));
  for (const { path, contents } of outputFiles) put(path, contents);
  const named = (ending: string): string => {
    const name = names.find((file) => file.endsWith(ending));
    if (name === undefined) throw new Error(`esbuild wrote no ${ending}: ${names.join(', ')}`);
    return `/assets/${name}`;
  };
  put(join(directory, 'index.html'), documentOf(named('.js'), named('.css')));
}

function put(path: string, contents: string | Uint8Array): void {
  const beside = `${path}.${randomUUID()}`;
  writeFileSync(beside, contents);
  renameSync(beside, path);
}

function documentOf(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Runlane</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="${style}" />
    <script type="module" src="${script}"></script>
  </head>
  <body>
    <div id="root"></div>
  </body>
</html>
`;
}
