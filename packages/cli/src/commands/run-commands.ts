import { RUN_STATUS_EVENT_TYPES } from '@runlane/contracts';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Environment } from '../settings.ts';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { Print, WithJson } from '../output.ts';
import type { CancelFlags, PublishFlags, WatchFlags } from '../runs/runs.ts';

/** The commands that need Kafka alone. Their code is loaded when one of them is called. */
export function addRunCommands(
  runlane: Command,
  io: { settings: () => Environment; out: (text: string) => void; isTerminal: boolean },
): void {
  const printer = ({ json = false }: { json?: boolean }): Print => outputOf(io.out, json || !io.isTerminal).print;
  const client = async () => (await import('../client.ts')).clientOf(io.settings());
  const commands = () => import('../runs/runs.ts');

  runlane
    .command('publish')
    .argument('<request>', 'a RunCreate as JSON, @file, or - for standard input')
    .description('request a run; its run_id and place are printed')
    .option('--wait', 'wait for its end and print it; the exit code is 1 unless it succeeded or paused')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(`publish '{"thread_id":"t1","assistant_id":"chat","input":{}}' --wait`))
    .action(async (request: string, flags: WithJson<PublishFlags>) =>
      (await commands()).publish(request, flags, await client(), printer(flags)),
    );
  runlane
    .command('resume')
    .argument('<thread>', 'the thread that is paused')
    .argument('<assistant>', 'the assistant of its run')
    .argument('<answer>', 'what interrupt() returns: JSON but null, @file, or - for standard input')
    .description('answer a paused thread')
    .option('--wait', 'wait for the end of the new run and print it')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(`resume support-42 approval '{"approved":true}' --wait`))
    .action(async (thread: string, assistant: string, answer: string, flags: WithJson<PublishFlags>) =>
      (await commands()).resume([thread, assistant, answer], flags, await client(), printer(flags)),
    );
  runlane
    .command('cancel')
    .description('cancel a run, or all runs of a thread that were requested before')
    .option('--thread <id>', 'the thread; none for a stateless run')
    .option('--run <id>', 'the run; without it all runs of the thread')
    .addOption(new Option('--action <action>', 'how the runs end').choices(['interrupt', 'rollback']))
    .option(...JSON_FLAG)
    .addHelpText('after', examples('cancel --thread support-42 --action rollback'))
    .action(async (flags: WithJson<CancelFlags>) => (await commands()).cancel(flags, await client(), printer(flags)));
  runlane
    .command('watch')
    .description('show status events as they arrive, until Ctrl-C')
    .option('--thread <id>', 'only of this thread')
    .option('--run <id>', 'only of this run, from its first event until its end')
    .addOption(new Option('--type <types...>', 'only of these types').choices(RUN_STATUS_EVENT_TYPES))
    .option('--assistant <id>', 'only of this assistant or graph')
    .option('--metadata <pairs...>', 'only of runs with this metadata, such as tenant=acme')
    .option('--limit <count>', 'end after this number of events')
    .option('--from <when>', 'earliest, latest, or a time such as 2026-01-31T12:00:00Z')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('watch --type run.failed run.paused', 'watch --run 0b9f2a3c-… --json'))
    .action(async (flags: WithJson<WatchFlags>) => (await commands()).watch(flags, await client(), printer(flags)));
}
