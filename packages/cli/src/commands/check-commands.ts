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
        'left behind, stuck or unaccounted for; the system may go on in the meantime. The exit code is 2 if something is found',
    )
    .option('--since <when>', 'requests since this time: 15m, 24h, 7d, or a time', '24h')
    .option('--stuck-after <time>', 'report as stuck what has not continued for this time: 90s, 15m, 2h', '15m')
    .option('--limit <count>', 'show at most this number of findings', '100')
    .option(
      '--restored-to <when>',
      'the time to which the database was restored: what it forgot may be published a second time, which is no finding',
    )
    .option('--resumed-at <when>', 'with --restored-to: the time when processes worked on it again; now by default')
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
        'exit code is 2 if something does not work',
    )
    .option('--no-graphs', 'do not load the graphs, because that runs their code')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('doctor', 'doctor --no-graphs --json'))
    .action(async (flags: WithJson<DoctorFlags>) =>
      (await import('../doctor/doctor.ts')).doctor(flags, settings(), output(flags)),
    );
}
