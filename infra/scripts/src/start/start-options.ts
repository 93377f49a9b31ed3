import { parseArgs } from 'node:util';
import { runlaneVariables } from '@runlane/service-kit';

/** What `npm start -- --help` prints. */
export const START_USAGE = `usage: npm start [-- [--config path/to/langgraph.json] [--no-demo] [--keep] [--external]]

Starts Kafka, a schema registry, Postgres, run-consumer, webhook-dispatcher and the console; then runs the demo, and shows
the status events of all runs until Ctrl-C.

  --config PATH  runs the graphs of this langgraph.json, instead of those of infra/demo
  --no-demo      publishes no runs; with other graphs there are no demo runs either
  --keep         keeps threads, runs and events for the next start with --keep, in .runlane/kept
  --external     uses the servers that KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL name, and starts the others
  --help         shows this text`;

/** What `npm start` is asked for on its command line. */
export type StartOptions = {
  config?: string | undefined;
  'no-demo': boolean;
  keep: boolean;
  external: boolean;
  help: boolean;
};

/** Thrown: an error of `parseArgs`, for people, when an argument is not known. */
export function parseStartOptions(args: string[]): StartOptions {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: 'string' },
      'no-demo': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      external: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

/**
 * Each server's address, and what the variables about it begin with. They are common in the shells of developers, so a
 * server that they name is used only on request, and a password only together with its server.
 */
const SERVERS = [
  { address: 'KAFKA_BROKERS', about: 'KAFKA_' },
  { address: 'SCHEMA_REGISTRY_URL', about: 'SCHEMA_REGISTRY_' },
  { address: 'DATABASE_URL', about: 'DATABASE_URL' },
];

/** Secrets may stand in files, which variables of these names have the paths of. */
const FILE = '_FILE';

/** The environment that counts, and the variables of Runlane in it that do not. */
export function heedEnvironment(
  environment: NodeJS.ProcessEnv,
  { external }: Pick<StartOptions, 'external'>,
): { heeded: NodeJS.ProcessEnv; unheeded: string[] } {
  const isGiven = (address: string) => Boolean(environment[address] || environment[`${address}${FILE}`]);
  const ours = SERVERS.filter(({ address }) => !external || !isGiven(address));
  const isUnheeded = (name: string) =>
    Object.hasOwn(runlaneVariables.shape, name.endsWith(FILE) ? name.slice(0, -FILE.length) : name) &&
    ours.some(({ about }) => name.startsWith(about));
  return {
    heeded: Object.fromEntries(Object.entries(environment).filter(([name]) => !isUnheeded(name))),
    unheeded: Object.keys(environment).filter((name) => isUnheeded(name) && environment[name]),
  };
}
