import { fileURLToPath } from 'node:url';
import { runProgram as runCommand } from '@runlane/cli/program';
import { runProgram } from '@runlane/testkit';
import { inject } from 'vitest';
import type { World } from './world.ts';

const MAIN = fileURLToPath(new URL('../../../../packages/cli/src/main.ts', import.meta.url));

/** `lines` are those of the output that are JSON objects; `output` has the errors too. */
export type ShellEnd = { code: number | null; output: string; lines: Record<string, unknown>[] };

/** Runs one command of the command line. */
export type Shell = (args: string[], input?: string) => Promise<ShellEnd>;

/** A shell with the addresses of the world, and further variables, in the process of the test: it starts immediately. */
export function shellOf(world: World, environment: Record<string, string> = {}): Shell {
  return async (args) => {
    const written = { out: '', err: '' };
    const code = await runCommand(args, {
      environment: addressesOf(world, environment),
      devEnvFile: '/dev/null/dev.env',
      out: (text) => (written.out += text),
      err: (text) => (written.err += text),
      isTerminal: false,
    });
    return { code, output: written.out + written.err, lines: linesOf(written.out) };
  };
}

/** The same with a process for each command, which can be given input. */
export function processShellOf(world: World, environment: Record<string, string> = {}): Shell {
  return async (args, input) => {
    const { code, stdout, output } = await runProgram(process.execPath, [MAIN, ...args], {
      environment: addressesOf(world, environment),
      ...(input === undefined ? {} : { input }),
    });
    return { code, output, lines: linesOf(stdout) };
  };
}

function addressesOf(world: World, environment: Record<string, string>): Record<string, string> {
  return {
    KAFKA_BROKERS: inject('kafkaBrokers').join(),
    DATABASE_URL: world.databaseUrl,
    // Not that of whoever runs the tests.
    SCHEMA_REGISTRY_URL: '',
    RUNLANE_TOPIC_PREFIX: world.prefix,
    ...environment,
  };
}

function linesOf(stdout: string): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}
