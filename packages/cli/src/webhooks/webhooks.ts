import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import { endpointOf, originSecretOf, parseWebhookUrl, publicKeyOf, secretOf } from '@runlane/webhooks';
import { CommandError } from '../command-error.ts';
import type { Environment } from '../settings.ts';

/**
 * `webhooks secret URL`: what a receiver at the URL verifies v1 signatures with, one line for each master key and version, the
 * current ones first. It depends on origin and path alone, and no policy is asked.
 *
 * @param ofOrigin that of all URLs of the origin instead, as receivers have it from before endpoints had their own
 * Thrown: CommandError for a URL that webhooks cannot have; ConfigError without a master key.
 */
export function webhookSecrets(url: string, ofOrigin: boolean, environment: Environment): string[] {
  const parsed = parseWebhookUrl(url);
  if (parsed.kind === 'refused') throw new CommandError(parsed.message);
  const { href, origin } = parsed.url;
  if (ofOrigin) return masterKeys(environment).map((key) => originSecretOf(key, origin));
  const variables = runlaneVariables.pick({ RUNLANE_WEBHOOK_SECRET_VERSIONS: true });
  const { RUNLANE_WEBHOOK_SECRET_VERSIONS: rotated } = loadConfig(variables, environment);
  const mine = rotated.find((text) => text.startsWith(`${endpointOf(href)}=`));
  const versions = mine
    ?.slice(mine.lastIndexOf('=') + 1)
    .split('+')
    .map(Number) ?? [undefined];
  return masterKeys(environment).flatMap((key) => versions.toReversed().map((version) => secretOf(key, href, version)));
}

/** `webhooks public-key`: the v1a keys, in the same order. Thrown: ConfigError without a master key. */
export function webhookPublicKeys(environment: Environment): string[] {
  return masterKeys(environment).map(publicKeyOf);
}

function masterKeys(environment: Environment): readonly string[] {
  const variables = runlaneVariables.pick({ RUNLANE_WEBHOOK_MASTER_KEY: true });
  return loadConfig(variables, environment).RUNLANE_WEBHOOK_MASTER_KEY;
}
