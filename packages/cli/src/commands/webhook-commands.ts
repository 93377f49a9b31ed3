import { Option } from 'commander';
import type { Command } from 'commander';
import type { DeliveryFlags, EndpointFlags, ReplayFlags } from '../webhooks/deliveries.ts';
import { JSON_FLAG, examples, outputOf } from '../output.ts';
import type { WithJson } from '../output.ts';
import type { Environment } from '../settings.ts';

type Io = { settings: () => Environment; out: (text: string) => void; isTerminal: boolean };
type OutputOf = (flags: { json?: boolean }) => ReturnType<typeof outputOf>;

/** The commands of webhooks. Their code is loaded when one of them is called. */
export function addWebhookCommands(runlane: Command, io: Io): void {
  const output = ({ json = false }: { json?: boolean }) => outputOf(io.out, json || !io.isTerminal);
  const webhooks = runlane
    .command('webhooks')
    .description('webhooks: keys of receivers, deliveries, endpoints, quarantine');
  addKeys(webhooks, io);
  addDeliveries(webhooks, io, output);
  addEndpoints(webhooks, io, output);
  addQuarantine(webhooks, io, output);
}

function addKeys(webhooks: Command, { settings, out }: Io): void {
  const print = (lines: readonly string[]): void => out(lines.map((line) => `${line}\n`).join(''));
  const commands = () => import('../webhooks/webhooks.ts');
  webhooks
    .command('secret')
    .argument('<url>', 'the URL of the webhook; its query does not count')
    .description('print the secret of the URL (whsec_…), one for each master key and version, the current ones first')
    .option('--of-origin', 'the secret of the whole origin instead, which receivers of earlier versions have')
    .addHelpText('after', examples('webhooks secret https://hooks.example.com/runlane'))
    .action(async (url: string, { ofOrigin = false }: { ofOrigin?: boolean }) =>
      print((await commands()).webhookSecrets(url, ofOrigin, settings())),
    );
  webhooks
    .command('public-key')
    .description('print the public keys (whpk_…), one for each master key, the current one first')
    .addHelpText('after', examples('webhooks public-key'))
    .action(async () => print((await commands()).webhookPublicKeys(settings())));
}

function addDeliveries(webhooks: Command, { settings }: Io, output: OutputOf): void {
  const commands = () => import('../webhooks/deliveries.ts');
  const deliveries = webhooks.command('deliveries').description('single webhooks');
  deliveries
    .command('list')
    .description('the latest deliveries, and why some are dead')
    .option('--run <id>', 'only of this run')
    .option('--origin <origin>', 'only to this origin, such as https://hooks.example.com')
    .addOption(new Option('--state <states...>', 'only in these states').choices(['due', 'delivered', 'dead']))
    .option('--since <when>', 'only those made since this time: 15m, 24h, 7d, or a time')
    .option('--before <delivery>', 'only those made before this one, to continue where a list ended')
    .option('--limit <count>', 'at most this number', '50')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks deliveries list --state dead --since 24h'))
    .action(async (flags: WithJson<DeliveryFlags>) =>
      (await commands()).listDeliveries(flags, settings(), output(flags)),
    );
  deliveries
    .command('show')
    .argument('<delivery>', 'its number')
    .description('one delivery with its attempts')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks deliveries show 4711'))
    .action(async (id: string, flags: WithJson<object>) =>
      (await commands()).showDelivery(id, settings(), output(flags)),
    );
  deliveries
    .command('replay')
    .argument('[deliveries...]', 'the number of each; or select them by the options')
    .description(
      'make ended deliveries due again, with the same webhook-id and body and a new signature; a disabled URL is enabled',
    )
    .option('--run <id>', 'of this run')
    .option('--origin <origin>', 'to this origin')
    .addOption(new Option('--state <states...>', 'that ended so').choices(['delivered', 'dead']))
    .option('--reason <reasons...>', 'dead for these reasons, such as exhausted or disabled')
    .option('--since <when>', 'only those made since this time: 15m, 24h, 7d, or a time')
    .option('--dry-run', 'print how many, and change nothing')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('webhooks deliveries replay --origin https://hooks.example.com --state dead --dry-run'),
    )
    .action(async (ids: string[], flags: WithJson<ReplayFlags>) =>
      (await commands()).replay(ids, flags, settings(), output(flags)),
    );
}

function addEndpoints(webhooks: Command, { settings }: Io, output: OutputOf): void {
  const endpoints = webhooks.command('endpoints').description('the URLs that receive webhooks');
  addEndpointActions(endpoints, settings, output);
  endpoints
    .command('list')
    .description('a row for each URL, by its hash: those that are parked, failing or disabled first')
    .option('--origin <origin>', 'only of this origin')
    .option('--limit <count>', 'at most this number', '50')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks endpoints list --origin https://hooks.example.com'))
    .action(async (flags: WithJson<EndpointFlags>) =>
      (await import('../webhooks/deliveries.ts')).listEndpoints(flags, settings(), output(flags)),
    );
}

const PLACE = 'the URL; its hash, as webhooks endpoints list --json shows it; or an origin, for all of its URLs';

function addEndpointActions(endpoints: Command, settings: Io['settings'], output: OutputOf): void {
  const commands = () => import('../webhooks/operate-webhooks.ts');
  endpoints
    .command('pause')
    .argument('<endpoint>', PLACE)
    .description('send nothing to it until it is resumed; due deliveries stay due. Takes effect within seconds')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks endpoints pause https://hooks.example.com'))
    .action(async (place: string, flags: WithJson<object>) =>
      (await commands()).pauseEndpoint(place, settings(), output(flags)),
    );
  endpoints
    .command('resume')
    .argument('<endpoint>', PLACE)
    .description(
      'send to it again: lifts a pause, and what waits because it failed or asked for time. What is under way meanwhile may be ' +
        'sent twice, under the same webhook-id',
    )
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks endpoints resume https://hooks.example.com'))
    .action(async (place: string, flags: WithJson<object>) =>
      (await commands()).resumeEndpoint(place, settings(), output(flags)),
    );
  endpoints
    .command('enable')
    .argument('<endpoint>', PLACE)
    .description(
      'enable a disabled URL; webhooks deliveries replay sends the deliveries that have ended in the meantime',
    )
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks endpoints enable https://hooks.example.com/runlane?token=t'))
    .action(async (place: string, flags: WithJson<object>) =>
      (await commands()).enableEndpoint(place, settings(), output(flags)),
    );
}

function addQuarantine(webhooks: Command, { settings }: Io, output: OutputOf): void {
  const quarantine = webhooks
    .command('quarantine')
    .description('records of the status topic that could not be read as events');
  quarantine
    .command('list')
    .description('the latest records, with what is wrong')
    .option('--limit <count>', 'at most this number', '50')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks quarantine list'))
    .action(async (flags: WithJson<{ limit: string }>) =>
      (await import('../webhooks/deliveries.ts')).listQuarantine(flags, settings(), output(flags)),
    );
  quarantine
    .command('take-in')
    .argument('[record]', 'partition/offset, as webhooks quarantine list shows it')
    .description('let a dispatcher read records again: those that its version can read are delivered')
    .option('--code <code>', 'all records with this code, such as unknown_type')
    .option('--all', 'all of them')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      examples('webhooks quarantine take-in 17/42', 'webhooks quarantine take-in --code unknown_schema'),
    )
    .action(async (record: string | undefined, flags: WithJson<{ code?: string; all?: boolean }>) =>
      (await import('../webhooks/operate-webhooks.ts')).takeIn(record, flags, settings(), output(flags)),
    );
  quarantine
    .command('show')
    .argument('<record>', 'partition/offset, as webhooks quarantine list shows it')
    .description('one record with its bytes')
    .option(...JSON_FLAG)
    .addHelpText('after', examples('webhooks quarantine show 17/42'))
    .action(async (record: string, flags: WithJson<object>) =>
      (await import('../webhooks/deliveries.ts')).showQuarantined(record, settings(), output(flags)),
    );
}
