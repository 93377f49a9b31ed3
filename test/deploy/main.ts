/**
 * Proves that what infra has for deployments works, with the real programs: nothing is replaced that is claimed about.
 *
 * usage: npm run prove:deploy [-- [part…] [--node-image IMAGE]]
 */
import { parseArgs } from 'node:util';
import { parts } from './src/parts.ts';
import { proveParts } from './src/prove-parts.ts';

const USAGE = `usage: npm run prove:deploy [-- [part…] [--node-image IMAGE]]

Proves the parts that are named, or all, one after the other. What this machine cannot do is skipped with a sentence. The exit code is 1 when
something does not hold.

${parts.map(({ name, what }) => `  ${name.padEnd(12)}${what}`).join('\n')}

  --node-image IMAGE  what the images are built on; without it the Dockerfile's own, and where no registry has that, a stand-in of
                      Debian's packages`;

process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { 'node-image': { type: 'string' }, help: { type: 'boolean', default: false } },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const unknown = positionals.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) return refuse(`There is no part ${unknown}.`);
  const wanted = parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return proveParts('prove:deploy', wanted, { nodeImage: values['node-image'] ?? null });
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n\n${USAGE}\n`);
  return 2;
}
