import type { Command } from 'commander';
import type { ApplyFlags, AssistantListFlags } from '../assistants.ts';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { WithJson } from '../output.ts';
import type { Environment } from '../settings.ts';

type Io = { settings: () => Environment; out: (text: string) => void; isTerminal: boolean };

/** The commands of assistants. Their code is loaded when one of them is called. */
export function addAssistantCommands(runlane: Command, { settings, out, isTerminal }: Io): void {
  const output = ({ json = false }: { json?: boolean }) => outputOf(out, json || !isTerminal);
  const assistants = runlane.command('assistants').description('graphs with defaults for their runs, in versions');
  const commands = () => import('../assistants.ts');
  assistants
    .command('list')
    .description('the stored assistants; every graph also has one of its own')
    .option('--after <id>', 'only those after this id, to continue where a list ended')
    .option('--limit <count>', 'at most this number', '100')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('assistants list'))
    .action(async (flags: WithJson<AssistantListFlags>) =>
      (await commands()).listAssistants(flags, settings(), output(flags)),
    );
  assistants
    .command('show')
    .argument('<assistant>', 'the assistant_id')
    .description('one assistant as it is now, and its versions')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('assistants show 5e4c7a1e-3f0b-4a43-9a52-6f0d1c2b3a4d'))
    .action(async (id: string, flags: WithJson<object>) =>
      (await commands()).showAssistant(id, settings(), output(flags)),
    );
  assistants
    .command('apply')
    .argument('<assistants>', 'one or a list as JSON, @file, or - for standard input; each with its assistant_id')
    .description('change assistants to what is given; the differences are printed')
    .option('--dry-run', 'print the differences, and change nothing')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('assistants apply @assistants.json --dry-run', 'assistants apply @assistants.json'))
    .action(async (text: string, flags: WithJson<ApplyFlags>) =>
      (await commands()).applyAssistants(text, flags, settings(), output(flags)),
    );
  assistants
    .command('delete')
    .argument('<assistant>', 'the assistant_id')
    .description('delete an assistant with its versions; later runs that name it are rejected')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('assistants delete 5e4c7a1e-3f0b-4a43-9a52-6f0d1c2b3a4d'))
    .action(async (id: string, flags: WithJson<object>) =>
      (await commands()).deleteAssistant(id, settings(), output(flags)),
    );
}
