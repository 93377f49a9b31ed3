/**
 * Breaks a deployment in every way that it has to survive, and lets judges that see only its outside report what is wrong.
 *
 * usage: npm run chaos -- --seed N [--minutes M] [--rate R] [--threads T] [--faults kind,kind…] [--plant name,name…|all] [--report FILE] [--shrink]
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULT_KINDS } from './src/faults.ts';
import type { FaultKind } from './src/faults.ts';
import { PLANTS, plantNamed, plantOptions } from './src/plants.ts';
import { reportHtml } from './src/report.ts';
import { runChaos } from './src/run-chaos.ts';
import type { ChaosOptions, ChaosResult } from './src/run-chaos.ts';
import { shrink } from './src/shrink.ts';

/** What is lost by a plant never comes. */
const PLANT_SETTLE_MS = 12_000;

// A run starts many processes that load the same modules, and so does the next run.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../../.runlane/chaos-compiled', import.meta.url));

process.exit(await main(process.argv.slice(2)));

async function main(args: string[]): Promise<number> {
  let options: ChaosOptions;
  let values;
  let plants: string[] | null = null;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        seed: { type: 'string' },
        minutes: { type: 'string', default: '2' },
        rate: { type: 'string', default: '6' },
        threads: { type: 'string', default: '8' },
        faults: { type: 'string' },
        plant: { type: 'string' },
        report: { type: 'string' },
        shrink: { type: 'boolean', default: false },
      },
    }));
    options = {
      seed: number('seed', values.seed ?? String(Date.now() % 1_000_000)),
      durationMs: number('minutes', values.minutes) * 60_000,
      rate: number('rate', values.rate),
      threads: number('threads', values.threads),
      ...(values.faults === undefined ? {} : { kinds: kindsOf(values.faults) }),
      tell,
    };
    if (values.plant !== undefined)
      plants = values.plant === 'all' ? [...PLANTS.keys()] : values.plant.split(',').map(plantNamed);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (plants !== null) return judgePlants(plants, options);
  const result = await runChaos(options);
  if (values.report !== undefined) writeFileSync(values.report, reportHtml(result));
  tellVerdict(result);
  if (result.problems.length > 0 && values.shrink) {
    const faults = await shrink(options, result.faults, tell);
    tell(`these faults are enough: ${JSON.stringify(faults)}`);
  }
  return result.problems.length === 0 ? 0 : 1;
}

/** Each must be found by the judge of the law that it breaks. */
async function judgePlants(names: readonly string[], options: ChaosOptions): Promise<number> {
  const unfound: string[] = [];
  for (const name of names) {
    const plant = PLANTS.get(name);
    if (plant === undefined) continue;
    const { problems } = await runChaos({
      kinds: plant.kinds,
      ...options,
      nodeOptions: plantOptions(name),
      settleMs: PLANT_SETTLE_MS,
    });
    const laws = Object.entries(Object.groupBy(problems, ({ law }) => law)).map(([law, of]) => `${law} ${of?.length}`);
    const [found] = problems.filter(({ law }) => law === plant.law);
    if (found === undefined) unfound.push(name);
    tell(
      `plant ${name} of ${plant.law}: ${found === undefined ? 'NOT FOUND' : `found, ${found.what.slice(0, 160)}`} (${laws.join(', ')})`,
    );
  }
  tell(
    `${names.length - unfound.length} of ${names.length} plants found${unfound.map((name) => `, not ${name}`).join('')}`,
  );
  return unfound.length === 0 ? 0 : 1;
}

function tellVerdict({ problems, history, sent, faults, options }: ChaosResult): void {
  for (const { law, thread, what } of problems) tell(`${law}${thread === null ? '' : ` ${thread}`}: ${what}`);
  const runs = new Set(history.events.map(({ event }) => event.run_id)).size;
  tell(
    `seed ${options.seed}: ${sent.length} records, ${runs} runs, ${history.events.length} events, ` +
      `${history.deliveries.honest.length} webhooks, ${faults.length} faults; ${problems.length} problems`,
  );
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} is a number that is not negative, and not ${text}.`);
}

function kindsOf(text: string): FaultKind[] {
  const known: readonly string[] = FAULT_KINDS;
  const kinds = text.split(',').filter((kind) => kind !== '');
  const unknown = kinds.find((kind) => !known.includes(kind));
  if (unknown !== undefined) throw new Error(`There is no fault ${unknown}. Faults: ${FAULT_KINDS.join(', ')}.`);
  return FAULT_KINDS.filter((kind) => kinds.includes(kind));
}

function refuse(why: string): number {
  process.stderr.write(
    `${why}\n\nusage: npm run chaos -- --seed N [--minutes M] [--rate R] [--threads T] [--faults ${FAULT_KINDS.join(',')}]\n` +
      `       [--plant all,${[...PLANTS.keys()].join(',')}] [--report FILE] [--shrink]\n`,
  );
  return 2;
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
