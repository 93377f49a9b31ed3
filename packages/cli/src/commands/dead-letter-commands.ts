import { DEAD_LETTER_CODES } from '@runlane/contracts';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { LetterFlags } from '../dead-letters/dead-letter.ts';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { WithJson } from '../output.ts';
import type { RedriveFlags } from '../dead-letters/redrive.ts';
import type { Environment } from '../settings.ts';

type Io = { settings: () => Environment; out: (text: string) => void; isTerminal: boolean };

/** The commands of the dead letter topic. Their code is loaded when one of them is called. */
export function addDeadLetterCommands(runlane: Command, { settings, out, isTerminal }: Io): void {
  const output = ({ json = false }: { json?: boolean }) => outputOf(out, json || !isTerminal);
  const dlq = runlane.command('dlq').description('dead letters: records that could not be read as requests');
  const selected = (command: Command): Command =>
    command
      .addOption(new Option('--code <code>', 'only those with this error').choices(DEAD_LETTER_CODES))
      .option('--thread <id>', 'only those with this key')
      .option('--since <when>', 'only those since this time: 15m, 24h, 7d, or a time');
  selected(dlq.command('list'))
    .description('the latest dead letters, with what was wrong')
    .option('--limit <count>', 'at most this number', '50')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('dlq list --code invalid_request --since 24h'))
    .action(async (flags: WithJson<LetterFlags & { limit: string }>) =>
      (await import('../dead-letters/show-dead-letters.ts')).listDeadLetters(flags, settings(), output(flags)),
    );
  dlq
    .command('show')
    .argument('<letter>', 'partition/offset, as dlq list shows it')
    .description('one dead letter: its error, its headers, its bytes')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('dlq show 17/42'))
    .action(async (letter: string, flags: WithJson<object>) =>
      (await import('../dead-letters/show-dead-letters.ts')).showDeadLetter(letter, settings(), output(flags)),
    );
  selected(dlq.command('redrive'))
    .argument('[letters...]', 'partition/offset of each; or select them by the options')
    .description(
      'publish dead letters as requests again, in order; those that would become dead letters again are refused',
    )
    .option('--all', 'all of them')
    .option('--edit', 'open each in $VISUAL or $EDITOR first')
    .option('--dry-run', 'print what would be done, and do nothing')
    .option('--again', 'also those that were redriven before')
    .option('--limit <count>', 'at most this number', '1000')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('dlq redrive 17/42 --edit', 'dlq redrive --code unknown_schema --since 24h --dry-run'),
    )
    .action(async (letters: string[], flags: WithJson<RedriveFlags>) =>
      (await import('../dead-letters/redrive.ts')).redrive(letters, flags, settings(), output(flags)),
    );
}
