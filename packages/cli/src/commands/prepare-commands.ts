import type { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { Output, WithJson } from '../output.ts';
import type { TopicPlan } from '../prepare.ts';
import type { Environment } from '../settings.ts';

type Io = { settings: () => Environment; out: (text: string) => void; isTerminal: boolean };
type Flags = WithJson<object>;

const FOUND_SOMETHING = 2;

/** What a deployment needs before its services start. The code is loaded when one of the commands is called. */
export function addPrepareCommands(runlane: Command, { settings, out, isTerminal }: Io): void {
  const output = ({ json = false }: { json?: boolean }) => outputOf(out, json || !isTerminal);
  const print = (lines: readonly string[]): void => out(lines.map((line) => `${line}\n`).join(''));
  const commands = () => import('../prepare.ts');
  const topics = runlane.command('topics').description('the topics of the deployment');
  topics
    .command('create')
    .description('create missing topics, with the default replication of the cluster')
    .addHelpText('after', examples('topics create'))
    .action(async () => print(await (await commands()).createTopicsOf(settings())));
  topics
    .command('plan')
    .description('print what is missing, and which settings lose or refuse records; nothing is changed')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('topics plan'))
    .action(async (flags: Flags) => tell(await (await commands()).planTopicsOf(settings()), output(flags)));
  topics
    .command('apply')
    .description('do what topics plan prints: create topics, and change settings. Partitions and replicas stay')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('topics apply'))
    .action(async (flags: Flags) => tell(await (await commands()).applyTopicsOf(settings()), output(flags)));
  topics
    .command('check')
    .description('the same as plan; the exit code is 2 if there is something to do')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('topics check'))
    .action(async (flags: Flags) => {
      const plans = await (await commands()).planTopicsOf(settings());
      tell(plans, output(flags));
      const wrong = plans.filter(({ plan, refused }) => plan !== 'nothing' || refused.length > 0);
      if (wrong.length > 0)
        throw new CommandError(`${wrong.length} topics are missing or have wrong settings`, FOUND_SOMETHING);
    });
  const schemas = runlane.command('schemas').description('the contracts in the schema registry');
  schemas
    .command('register')
    .description('register the JSON Schemas of requests and events, with their compatibility')
    .addHelpText('after', examples('schemas register'))
    .action(async () => print(await (await commands()).registerSchemasOf(settings())));
  schemas
    .command('check')
    .description('compare the registry with the schemas of this version; the exit code is 2 if they differ')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('schemas check'))
    .action(async (flags: Flags) => {
      const checks = await (await commands()).checkSchemasOf(settings());
      output(flags).printTable(
        ['SUBJECT', 'STANDS', 'WHY'],
        checks.map((check) => ({
          object: check,
          cells: [check.subject, check.kind, check.kind === 'incompatible' ? check.message : ''],
        })),
      );
      const wrong = checks.filter(({ kind }) => kind !== 'registered');
      if (wrong.length === 0) return;
      const isForbidden = wrong.some(({ kind }) => kind === 'incompatible');
      const advice = isForbidden ? 'Undo the change, or use a new topic version.' : 'Run `runlane schemas register`.';
      throw new CommandError(`${wrong.length} schemas of this version are not registered. ${advice}`, FOUND_SOMETHING);
    });
  runlane
    .command('migrate')
    .description(
      'bring the tables of run-consumer, webhook-dispatcher and LangGraph up to date, as the services do when they start',
    )
    .option(...JSON_FLAG)
    .addHelpText('after', examples('migrate'))
    .action(async (flags: Flags) => (await import('../migrate.ts')).migrateDatabase(settings(), output(flags)));
}

function tell(plans: readonly TopicPlan[], { printTable }: Output): void {
  printTable(
    ['TOPIC', 'PLAN', 'WHAT'],
    plans.map((plan) => ({ object: plan, cells: [plan.topic, plan.plan, wordsOf(plan)] })),
  );
}

function wordsOf({ changes, refused, warnings }: TopicPlan): string {
  const changed = changes.map(({ setting, from, to }) => `${setting} ${from || '(unset)'} → ${to}`);
  return [...changed, ...refused, ...warnings].join('; ');
}
