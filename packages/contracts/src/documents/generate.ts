/**
 * Writes what is derived from this package: the JSON Schemas and the AsyncAPI document in `generated/`.
 *
 * usage: node packages/contracts/src/documents/generate.ts [--check]
 *   --check  writes nothing; names the files that differ and exits 1 when there are any
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.ts';

const folder = new URL('../../generated/', import.meta.url);
const check = process.argv.slice(2).includes('--check');

await mkdir(folder, { recursive: true });
for (const { name, text } of generatedFiles()) {
  const file = new URL(name, folder);
  if ((await textOf(file)) === text) continue;
  if (check) {
    process.exitCode = 1;
    console.error(`${fileURLToPath(file)} is not what the sources generate; run npm run generate`);
  } else {
    await writeFile(file, text);
    console.log(`wrote ${fileURLToPath(file)}`);
  }
}

async function textOf(file: URL): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
