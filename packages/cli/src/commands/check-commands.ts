import type { Command } from 'commander';
import type { AuditFlags } from '../audit/audit.ts';
import type { DoctorFlags } from '../doctor/doctor.ts';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { WithJson } from '../output.ts';
import type { Environment } from '../settings.ts';

type Io = { settings: () => Environment; out: (text: string) => void; isTerminal: boolean };

/** The commands that check a deployment. Their exit code is 2 when something is wrong, and 1 when they could not check. */
export function addCheckCommands(runlane: Command, { settings, out, isTerminal }: Io): void {
  const output = ({ json = false }: { json?: boolean }) => outputOf(out, json || !isTerminal);
  runlane
    .command('audit')
    .description(
      'compare requests, ledger, events, states of threads, dead letters and webhooks: what is lost, doubled, out of order, ' +
        'left behind, stuck or unaccounted for; a live system may go on meanwhile. The exit code is 2 when there is something',
    )
    .option('--since <when>', 'requests since then: 15m, 24h, 7d, or a time', '24h')
    .option('--stuck-after <time>', 'what has not gone on for so long is stuck: 90s, 15m, 2h', '15m')
    .option('--limit <count>', 'as many findings at most', '100')
    .option(
      '--restored-to <when>',
      'the database was put back to then: what it forgot was told, and is told once more; that is no finding',
    )
    .option('--resumed-at <when>', 'with --restored-to: when processes had begun to work on it again; now by default')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('audit', 'audit --since 7d --json > audit.jsonl', 'audit --restored-to 2026-01-31T12:00:00Z'),
    )
    .action(async (flags: WithJson<AuditFlags>) =>
      (await import('../audit/audit.ts')).audit(flags, settings(), output(flags)),
    );
  runlane
    .command('doctor')
    .description(
      'look at brokers, topics, registry, database, versions, graphs, clocks and partitioners, and say what to change. The ' +
        'exit code is 2 when something does not work',
    )
    .option('--no-graphs', 'do not load the graphs, which runs their code')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('doctor', 'doctor --no-graphs --json'))
    .action(async (flags: WithJson<DoctorFlags>) =>
      (await import('../doctor/doctor.ts')).doctor(flags, settings(), output(flags)),
    );
}
