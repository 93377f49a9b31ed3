import { Command, CommanderError } from 'commander';
import { ConfigError } from '@runlane/service-kit';
import { CommandError } from './command-error.ts';
import { addCheckCommands } from './check-commands.ts';
import { addDeadLetterCommands } from './dead-letter-commands.ts';
import { addLedgerCommands } from './ledger-commands.ts';
import { createTopicsOf, registerSchemasOf } from './prepare.ts';
import { addRunCommands } from './run-commands.ts';
import { completeEnvironment } from './settings.ts';
import type { Environment } from './settings.ts';
import { webhookPublicKeys, webhookSecrets } from './webhooks.ts';

export type ProgramIo = {
  environment: Environment;
  /** Path of `.runlane/dev.env`; it need not exist. */
  devEnvFile: string;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether a person reads what is written: words then, lines of JSON otherwise. */
  isTerminal: boolean;
};

/**
 * Runs one command of `npm run runlane -- …`.
 *
 * @param args what follows the program's name
 * @returns the exit code: 0, 1 after an error was written, or 2 when the command works and what it looked at does not
 */
export async function runProgram(args: readonly string[], io: ProgramIo): Promise<number> {
  try {
    await program(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has written its own errors and the help already.
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof ConfigError) io.err(`runlane: ${error.message}\n${WHERE_FROM}\n`);
    else if (error instanceof CommandError || (await isClientError(error))) io.err(`runlane: ${messageOf(error)}\n`);
    else throw error;
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

/** The client is loaded by the commands that need it, and only they have its errors. */
async function isClientError(error: unknown): Promise<boolean> {
  return error instanceof (await import('@runlane/client')).RunlaneClientError;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const WHERE_FROM =
  'Set it in the environment, or keep npm start or npm run infra running: the command line reads .runlane/dev.env.';

function program({ environment, devEnvFile, out, err, isTerminal }: ProgramIo): Command {
  const print = (lines: readonly string[]): void => out(lines.map((line) => `${line}\n`).join(''));
  const settings = (): Environment => completeEnvironment(environment, devEnvFile);
  const runlane = new Command('runlane')
    .description(
      'Commands of Runlane. Settings come from the environment, or from .runlane/dev.env while it lacks them.',
    )
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err });
  runlane
    .command('topics')
    .description('the topics of the deployment')
    .command('create')
    .description('create those that are missing, with the replication that the cluster has as its default')
    .action(async () => print(await createTopicsOf(settings())));
  runlane
    .command('schemas')
    .description('the contracts in the schema registry')
    .command('register')
    .description('register the JSON Schemas of requests and events, with the compatibility that they keep')
    .action(async () => print(await registerSchemasOf(settings())));
  const webhooks = runlane.command('webhooks').description('keys with which receivers verify webhooks');
  webhooks
    .command('secret')
    .argument('<url>', 'the URL of the webhook, or another one of its origin')
    .description("print the secret of the URL's origin (whsec_…), one for each master key, the current one first")
    .action((url: string) => print(webhookSecrets(url, settings())));
  webhooks
    .command('public-key')
    .description('print the public keys (whpk_…), one for each master key, the current one first')
    .action(() => print(webhookPublicKeys(settings())));
  addRunCommands(runlane, { settings, out, isTerminal });
  addLedgerCommands(runlane, { settings, out, isTerminal });
  addDeadLetterCommands(runlane, { settings, out, isTerminal });
  addCheckCommands(runlane, { settings, out, isTerminal });
  return runlane;
}
