/**
 * Measures Runlane against peers on this machine, in one run. No figure fails a bench.
 *
 * usage: npm run bench -- <name> [--json] [--durability async|sync|exit] [--profile]
 */
import { parseArgs } from 'node:util';
import { DURABILITIES } from '@runlane/contracts';
import type { Durability } from '@runlane/contracts';
import { benches } from './src/benches.ts';
import { reportJson, reportText } from './src/report.ts';
import { runBench } from './src/run-bench.ts';

process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        durability: { type: 'string' },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const [name, ...others] = positionals;
  const bench = name === undefined ? undefined : benches.get(name);
  if (name === undefined || bench === undefined || others.length > 0) {
    return refuse(name === undefined || others.length > 0 ? 'Name one bench.' : `There is no bench ${name}.`);
  }
  for (const option of ['durability', 'profile'] as const) {
    const isGiven = values[option] !== undefined && values[option] !== false;
    if (isGiven && !bench.takes.includes(option)) return refuse(`The bench ${name} knows no --${option}.`);
  }
  const durability = values.durability ?? 'async';
  if (!isDurability(durability)) return refuse(`--durability is one of ${DURABILITIES.join(', ')}.`);

  const result = await runBench(name, bench, { profile: values.profile, durability });
  if (result.kind === 'failed') {
    process.stderr.write(`bench ${name}: ${result.why}\n`);
    return result.exitCode;
  }
  process.stdout.write(`${values.json ? reportJson(result.report) : reportText(result.report)}\n`);
  return 0;
}

function refuse(why: string): number {
  const names = [...benches].map(([name, { what }]) => `  ${name.padEnd(12)}${what}`);
  process.stderr.write(
    `${why}\n\nusage: npm run bench -- <name> [--json] [--durability ${DURABILITIES.join('|')}] [--profile]\n\n` +
      `${names.join('\n')}\n`,
  );
  return 2;
}

function isDurability(text: string): text is Durability {
  return DURABILITIES.some((durability) => durability === text);
}
