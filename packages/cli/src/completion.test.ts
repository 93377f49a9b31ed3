/** The scripts of completion, evaluated by a real bash and, where it is installed, a real zsh. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { program, runProgram } from './program.ts';
import type { ProgramIo } from './program.ts';
import type { Command } from 'commander';

const nowhere = () => undefined;
const io: ProgramIo = { environment: {}, devEnvFile: '/dev/null/x', out: nowhere, err: nowhere, isTerminal: true };

async function scriptOf(shell: string): Promise<string> {
  let script = '';
  expect(await runProgram(['completion', shell], { ...io, out: (text) => (script += text) })).toBe(0);
  return script;
}

/** What bash offers behind the words, of which the last one is being typed. */
function offered(script: string, words: string[]): string[] {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', `${script}\nCOMP_WORDS=(runlane ${quoted}); COMP_CWORD=${words.length}; _runlane; echo "\${COMPREPLY[@]}"`],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return stdout.trim().split(' ');
}

test('bash completes commands, commands below them, and options', async () => {
  const script = await scriptOf('bash');
  expect(offered(script, ['ru'])).toEqual(['runs']);
  expect(offered(script, ['dlq', ''])).toEqual(['list', 'show', 'redrive', '--help']);
  expect(offered(script, ['dlq', 'redrive', '--d'])).toEqual(['--dry-run']);
  expect(offered(script, ['webhooks', 'deliveries', 're'])).toEqual(['replay']);
  expect(offered(script, ['runs', 'list', '--thread', 'support-42', '--st'])).toEqual(['--status']);
});

test('zsh completes the same, also where nobody has set completion up', async ({ skip }) => {
  // With arrays as bashcompinit has them when it calls the function.
  const typed = 'setopt ksharrays; COMP_WORDS=(runlane dlq re); COMP_CWORD=2; _runlane; print -r -- "${COMPREPLY[@]}"';
  const { error, stdout, stderr } = spawnSync('zsh', ['-f', '-c', `${await scriptOf('zsh')}\n${typed}`], {
    encoding: 'utf8',
  });
  if (error !== undefined) return skip('there is no zsh');
  // It picks those that begin as what was typed.
  expect([stdout, stderr]).toEqual(['list show redrive --help\n', '']);
});

test('each help has an example, and explains each option', () => {
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap((child) => leaves(child));
  for (const command of leaves(program(io))) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toMatch(/\nExamples:\n {2}\$ runlane /);
    expect(command.description()).not.toBe('');
    expect(command.options.filter(({ description }) => description === '')).toEqual([]);
  }
});
