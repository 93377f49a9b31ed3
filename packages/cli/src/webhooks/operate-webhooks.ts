/** `webhooks endpoints pause`, `resume` and `enable`, and `webhooks quarantine take-in`. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { groupNames, topicNames } from '@runlane/contracts';
import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import { openEndpointOperator, openQuarantineOperator } from '@runlane/webhook-dispatcher/operations';
import type {
  EndpointOperator,
  Place,
  QuarantineOperator,
  QuarantinedPlace,
} from '@runlane/webhook-dispatcher/operations';
import { parseWebhookUrl } from '@runlane/webhooks';
import { CommandError } from '../command-error.ts';
import { withDatabase } from '../database.ts';
import { parseLetterId } from '../dead-letters/dead-letter.ts';
import type { Output } from '../output.ts';
import type { Environment } from '../settings.ts';

/** Longest wait for a dispatcher to have read what it was asked to, in milliseconds. */
const TAKE_IN_DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 250;
const MOST_RECORDS = 10_000;

/** Thrown by all: ConfigError; CommandError for what was given or is not known, and when the database does not answer. */
export async function pauseEndpoint(text: string, environment: Environment, output: Output): Promise<void> {
  await onPlace(text, environment, async (operator, place, name) => {
    if (!(await operator.pause(place))) return null;
    output.print(
      { verdict: 'paused', endpoint: name },
      `${name} is paused: nothing is sent to it until it is resumed.`,
    );
    return true;
  });
}

export async function resumeEndpoint(text: string, environment: Environment, output: Output): Promise<void> {
  await onPlace(text, environment, async (operator, place, name) => {
    const count = await operator.resume(place);
    if (count === null) return null;
    const urls = `${count} of its URLs had been waiting`;
    output.print({ verdict: 'resumed', endpoint: name, urls: count }, `${name} is sent to again; ${urls}.`);
    return true;
  });
}

export async function enableEndpoint(text: string, environment: Environment, output: Output): Promise<void> {
  await onPlace(text, environment, async (operator, place, name) => {
    const count = await operator.enable(place);
    if (count === null) return null;
    const words = count === 0 ? `Nothing of ${name} is disabled.` : `${name} is enabled (URLs: ${count}).`;
    output.print({ verdict: count === 0 ? 'not disabled' : 'enabled', endpoint: name, urls: count }, words);
    return true;
  });
}

/** Asks the dispatchers, and waits for their answer. */
export async function takeIn(
  record: string | undefined,
  flags: { code?: string; all?: boolean },
  environment: Environment,
  output: Output,
): Promise<void> {
  const conditions = [record, flags.code, flags.all].filter((condition) => condition !== undefined);
  if (conditions.length !== 1) {
    throw new CommandError('Select records: one by partition/offset, those with a --code, or --all.');
  }
  const { RUNLANE_TOPIC_PREFIX: prefix } = loadConfig(
    runlaneVariables.pick({ RUNLANE_TOPIC_PREFIX: true }),
    environment,
  );
  const { status: topic } = topicNames(prefix);
  const at = record === undefined ? undefined : placeOf(record, topic);
  await withDatabase(environment, async ({ database, place }) => {
    const operator = openQuarantineOperator(database, { group: groupNames(prefix).webhookDispatcher, topic });
    const asked = await operator.ask({
      ...(at === undefined ? {} : { at }),
      ...(flags.code === undefined ? {} : { code: flags.code }),
      limit: MOST_RECORDS,
    });
    if (asked.length === 0) {
      throw new CommandError(
        `No such record of ${topic} in the quarantine of ${place} (table webhooks.quarantine); ` +
          '`runlane webhooks quarantine list` shows the present ones.',
      );
    }
    const left = await leftOf(operator, asked);
    const count = asked.length - left.length;
    for (const { partition, offset, code, message } of left) {
      const name = `${partition}/${offset}`;
      output.print(
        { verdict: 'left', record: name, code, message },
        `${name} stays in quarantine: ${code}: ${message}`,
      );
    }
    output.print({ verdict: 'taken in', count }, `${count} of ${asked.length} records were taken in.`);
    if (asked.length === MOST_RECORDS) output.say(`There may be more than ${MOST_RECORDS}: run it again.`);
  });
}

async function leftOf(operator: QuarantineOperator, asked: readonly QuarantinedPlace[]) {
  const deadlineMs = performance.now() + TAKE_IN_DEADLINE_MS;
  for (;;) {
    const standing = await operator.standing(asked);
    const waiting = standing.filter(({ isAsked }) => isAsked).length;
    if (waiting === 0) return standing;
    if (performance.now() > deadlineMs) {
      throw new CommandError(
        `${waiting} of ${asked.length} records were not read again within ${TAKE_IN_DEADLINE_MS / 1_000} s. They will be when a ` +
          'webhook-dispatcher of this version runs on this database; see its log for quarantine.not_taken_in.',
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function onPlace(
  text: string,
  environment: Environment,
  work: (operator: EndpointOperator, place: Place, name: string) => Promise<true | null>,
): Promise<void> {
  const { place, name } = parsePlace(text);
  await withDatabase(environment, async ({ database, place: databasePlace }) => {
    if ((await work(openEndpointOperator(database), place, name)) !== null) return;
    throw new CommandError(
      `${databasePlace} knows of no webhook to ${name} (table webhooks.endpoints); ` +
        '`runlane webhooks endpoints list` shows the present ones.',
    );
  });
}

/** `name` is what may be shown: a URL is a credential. */
function parsePlace(text: string): { place: Place; name: string } {
  if (/^[0-9a-f]{64}$/.test(text)) return { place: { origin: null, urlHash: text }, name: `URL ${text.slice(0, 12)}` };
  const parsed = parseWebhookUrl(text);
  if (parsed.kind === 'refused') throw new CommandError(parsed.message);
  const { href, origin } = parsed.url;
  // Without a path, as people write an origin; the URL of its root has a slash.
  if (/^[a-z]+:\/\/[^/?#]+$/i.test(text)) return { place: { origin, urlHash: null }, name: origin };
  const urlHash = createHash('sha256').update(href).digest('hex');
  return { place: { origin, urlHash }, name: `URL ${urlHash.slice(0, 12)} of ${origin}` };
}

function placeOf(text: string, topic: string): QuarantinedPlace {
  const [partition = '', offset = ''] = parseLetterId(text, topic).split('/');
  return { partition: Number(partition), offset: BigInt(offset) };
}
