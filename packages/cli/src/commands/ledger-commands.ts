import { RUN_STATUSES, THREAD_STATUSES } from '@runlane/contracts';
import { Option } from 'commander';
import type { Command } from 'commander';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { WithJson } from '../output.ts';
import type { ForkFlags } from '../runs/fork-thread.ts';
import type { RunListFlags } from '../runs/show-runs.ts';
import type { Environment } from '../settings.ts';
import type { HistoryFlags, StateFlags, ThreadListFlags } from '../runs/show-threads.ts';

type Io = { settings: () => Environment; out: (text: string) => void; isTerminal: boolean };

/** The commands that read the ledger. Their code is loaded when one of them is called. */
export function addLedgerCommands(runlane: Command, io: Io): void {
  const output = ({ json = false }: { json?: boolean }) => outputOf(io.out, json || !io.isTerminal);
  addRuns(runlane, io, output);
  addThreads(runlane, io, output);
}

type OutputOf = (flags: { json?: boolean }) => ReturnType<typeof outputOf>;

function addRuns(runlane: Command, { settings }: Io, output: OutputOf): void {
  const runs = runlane.command('runs').description('runs as the ledger has them');
  runs
    .command('list')
    .description('running runs, then waiting ones with what they wait for, then recently ended ones')
    .option('--thread <id>', 'only of this thread')
    .addOption(new Option('--status <statuses...>', 'only in these statuses').choices(RUN_STATUSES))
    .option('--assistant <id>', 'only of this assistant or graph')
    .option('--since <when>', 'ended runs since this time: 15m, 24h, 7d, or a time', '24h')
    .option('--limit <count>', 'at most this number', '50')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('runs list', 'runs list --status error timeout --since 7d --json'))
    .action(async (flags: WithJson<RunListFlags>) =>
      (await import('../runs/show-runs.ts')).listRuns(flags, settings(), output(flags)),
    );
  runs
    .command('show')
    .argument('<run>', 'the run_id')
    .description('one run: what it waits for, its attempts and events, its request')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('runs show 0b9f2a3c-5a6f-4c1e-9d57-8f6a1f0a2b11'))
    .action(async (run: string, flags: WithJson<object>) =>
      (await import('../runs/show-runs.ts')).showRun(run, settings(), output(flags)),
    );
}

function addThreads(runlane: Command, { settings }: Io, output: OutputOf): void {
  const threads = runlane.command('threads').description('threads as the ledger and their checkpoints have them');
  const commands = () => import('../runs/show-threads.ts');
  threads
    .command('list')
    .description('threads by id')
    .addOption(new Option('--status <status>', 'only in this status').choices(THREAD_STATUSES))
    .option('--after <id>', 'only those after this id, to continue where a list ended')
    .option('--limit <count>', 'at most this number', '50')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('threads list --status interrupted'))
    .action(async (flags: WithJson<ThreadListFlags>) =>
      (await commands()).listThreads(flags, settings(), output(flags)),
    );
  threads
    .command('show')
    .argument('<thread>', 'the thread_id')
    .description('one thread, with its runs that have not ended')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('threads show support-42'))
    .action(async (thread: string, flags: WithJson<object>) =>
      (await commands()).showThread(thread, settings(), output(flags)),
    );
  threads
    .command('state')
    .argument('<thread>', 'the thread_id')
    .description('the values of the thread, and its open questions')
    .option('--checkpoint <id>', 'at this checkpoint instead of the latest')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('threads state support-42', 'threads state support-42 --json | jq .values'))
    .action(async (thread: string, flags: WithJson<StateFlags>) =>
      (await commands()).showState(thread, flags, settings(), output(flags)),
    );
  threads
    .command('history')
    .argument('<thread>', 'the thread_id')
    .description('the checkpoints of the thread, the latest first')
    .option('--limit <count>', 'at most this number', '20')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('threads history support-42 --limit 5'))
    .action(async (thread: string, flags: WithJson<HistoryFlags>) =>
      (await commands()).showHistory(thread, flags, settings(), output(flags)),
    );
  threads
    .command('fork')
    .argument('<thread>', 'the thread_id')
    .argument('<checkpoint>', 'a checkpoint of the thread; threads history lists them')
    .argument('<assistant>', 'the assistant of the new run')
    .description('request a run from an earlier checkpoint: the thread continues from there, and its history stays')
    .option(
      '--input <json>',
      'its input: JSON, @file, or - for standard input; without one it executes the next nodes again',
    )
    .option('--command <json>', 'a command instead, such as {"update":{…},"goto":"node"}')
    .option('--wait', 'wait for the end of the new run and print it')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(`threads fork support-42 1f0b3c9e-… chat --input '{"messages":[]}' --wait`))
    .action(async (thread: string, checkpoint: string, assistant: string, flags: WithJson<ForkFlags>) =>
      (await import('../runs/fork-thread.ts')).forkThread(
        [thread, checkpoint, assistant],
        flags,
        settings(),
        output(flags),
      ),
    );
}
