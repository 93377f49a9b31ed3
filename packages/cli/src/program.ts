import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError } from 'commander';
import { ConfigError } from '@runlane/service-kit';
import { CommandError, messageOf } from './command-error.ts';
import { addAssistantCommands } from './commands/assistant-commands.ts';
import { addCheckCommands } from './commands/check-commands.ts';
import { SHELLS, completionScript } from './completion.ts';
import type { Shell } from './completion.ts';
import { addDeadLetterCommands } from './commands/dead-letter-commands.ts';
import { addLedgerCommands } from './commands/ledger-commands.ts';
import { examples } from './output.ts';
import { addPrepareCommands } from './commands/prepare-commands.ts';
import { addRunCommands } from './commands/run-commands.ts';
import { completeEnvironment } from './settings.ts';
import type { Environment } from './settings.ts';
import { addWebhookCommands } from './commands/webhook-commands.ts';

export type ProgramIo = {
  environment: Environment;
  /** Path of `.runlane/dev.env`; it need not exist. */
  devEnvFile: string;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Whether a person reads the output: then it is words, otherwise lines of JSON. */
  isTerminal: boolean;
};

/**
 * Runs one command of `npm run runlane -- …`.
 *
 * @param args what follows the program's name
 * @returns the exit code: 0; 1 after an error was written; 2 when the command worked and found a problem
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

const WHERE_FROM =
  'Set it in the environment. In a checkout with npm start or npm run infra up, the command line reads .runlane/dev.env; elsewhere: set -a; . path/to/.runlane/dev.env; set +a';

/** Of the package: source and what is built are one folder below it. */
const { version: VERSION }: { version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** All commands, ready to parse. */
export function program({ environment, devEnvFile, out, err, isTerminal }: ProgramIo): Command {
  const settings = (): Environment => completeEnvironment(environment, devEnvFile);
  const runlane = new Command('runlane')
    .version(VERSION, '-V, --version', 'print the version')
    .description('Commands of Runlane. Settings come from the environment, or else from .runlane/dev.env.')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err });
  addRunCommands(runlane, { settings, out, isTerminal });
  addLedgerCommands(runlane, { settings, out, isTerminal });
  addAssistantCommands(runlane, { settings, out, isTerminal });
  addDeadLetterCommands(runlane, { settings, out, isTerminal });
  addWebhookCommands(runlane, { settings, out, isTerminal });
  addCheckCommands(runlane, { settings, out, isTerminal });
  addPrepareCommands(runlane, { settings, out, isTerminal });
  runlane
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('print a script that completes commands and options of runlane in a shell')
    .addHelpText('after', examples('completion bash > ~/.local/share/bash-completion/completions/runlane'))
    .action((shell: Shell) => out(completionScript(shell, runlane)));
  return runlane;
}
