import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import { parseWebhookUrl, publicKeyOf, secretOf } from '@runlane/webhooks';
import { CommandError } from './command-error.ts';
import type { Environment } from './settings.ts';

/**
 * `webhooks secret URL`: what a receiver at the URL verifies v1 signatures with, one line for each master key, the
 * current one first. It hangs on the origin alone, and no policy is asked.
 *
 * Thrown: CommandError for a URL that webhooks cannot have; ConfigError without a master key.
 */
export function webhookSecrets(url: string, environment: Environment): string[] {
  const parsed = parseWebhookUrl(url);
  if (parsed.kind === 'refused') throw new CommandError(parsed.message);
  return masterKeys(environment).map((key) => secretOf(key, parsed.url.origin));
}

/** `webhooks public-key`: the v1a keys, in the same order. Thrown: ConfigError without a master key. */
export function webhookPublicKeys(environment: Environment): string[] {
  return masterKeys(environment).map(publicKeyOf);
}

function masterKeys(environment: Environment): readonly string[] {
  const variables = runlaneVariables.pick({ RUNLANE_WEBHOOK_MASTER_KEY: true });
  return loadConfig(variables, environment).RUNLANE_WEBHOOK_MASTER_KEY;
}
