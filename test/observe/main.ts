/**
 * Proves that what Runlane tells of itself can be seen where people look: in a trace store, in Prometheus, in its alarms. The
 * programs are the real ones, and nothing is replaced that is claimed about.
 *
 * usage: npm run prove:observability [-- [part…]]
 */
import { parseArgs } from 'node:util';
import { proveParts } from '@runlane/prove-deploy';
import { parts } from './src/parts.ts';

const USAGE = `usage: npm run prove:observability [-- [part…]]

Proves the parts that are named, or all, one after the other. What this machine cannot do is skipped with a sentence. The exit code is 1 when
something does not hold. Prometheus and Jaeger are built once, by Go, which takes minutes.

${parts.map(({ name, what }) => `  ${name.padEnd(20)}${what}`).join('\n')}`;

process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { help: { type: 'boolean', default: false } } });
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
  return proveParts('prove:observability', wanted, { nodeImage: null });
}

function refuse(why: string): number {
  process.stderr.write(`${why}\n\n${USAGE}\n`);
  return 2;
}
