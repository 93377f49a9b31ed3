import { fileURLToPath } from 'node:url';
import { runProgram } from '@runlane/testkit';
import { inject } from 'vitest';
import type { World } from './world.ts';

const MAIN = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));

export type ShellEnd = { code: number | null; output: string; lines: Record<string, unknown>[] };

/** Runs one command of the command line as a process; `lines` are those of its output that are JSON objects. */
export type Shell = (args: string[], input?: string) => Promise<ShellEnd>;

/** A shell with the addresses of the world, and further variables. */
export function shellOf(world: World, environment: Record<string, string> = {}): Shell {
  return async (args, input) => {
    const { code, stdout, output } = await runProgram(process.execPath, [MAIN, ...args], {
      environment: {
        KAFKA_BROKERS: inject('kafkaBrokers').join(),
        DATABASE_URL: world.databaseUrl,
        // Not that of whoever runs the tests.
        SCHEMA_REGISTRY_URL: '',
        RUNLANE_TOPIC_PREFIX: world.prefix,
        ...environment,
      },
      ...(input === undefined ? {} : { input }),
    });
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    return { code, output, lines: lines.map((line): Record<string, unknown> => JSON.parse(line)) };
  };
}
