import { loadConfig, runlaneVariables } from '@runlane/service-kit';
import type { Logger } from '@runlane/service-kit';
import { createSigner, isGuessable } from '@runlane/webhooks';
import type { WebhookSigner } from '@runlane/webhooks';

const variables = runlaneVariables.pick({
  RUNLANE_WEBHOOK_MASTER_KEY: true,
  RUNLANE_WEBHOOK_SIGNATURES: true,
  RUNLANE_WEBHOOK_SECRET_VERSIONS: true,
});

/** How late a file that has changed counts, in milliseconds. */
const READ_EVERY_MS = 5_000;

export type SigningOptions = { environment: NodeJS.ProcessEnv; monotonicMs: () => number; logger: Logger };

/**
 * Signs with the keys that the deployment has now: those in files are read again every few seconds, so that a rotation needs no
 * restart. While a file cannot be read, or is not what it has to be, the keys of before go on.
 *
 * Thrown: ConfigError when there are none to begin with.
 */
export function createCurrentSigner({ environment, monotonicMs, logger }: SigningOptions): WebhookSigner {
  const read = () => {
    const { secretFiles, ...settings } = loadConfig(variables, environment);
    return { text: JSON.stringify(settings), settings, isInFiles: Object.keys(secretFiles).length > 0 };
  };
  let { text, settings, isInFiles } = read();
  let signer = signerOf(settings);
  warnOfGuessable(settings, logger);
  let readAtMs = monotonicMs();
  const current = (): WebhookSigner => {
    if (!isInFiles || monotonicMs() - readAtMs < READ_EVERY_MS) return signer;
    readAtMs = monotonicMs();
    try {
      const now = read();
      if (now.text !== text) {
        signer = signerOf(now.settings);
        warnOfGuessable(now.settings, logger);
        ({ text, settings, isInFiles } = now);
        logger.info({ public_keys: signer.publicKeys }, 'webhook_keys.changed');
      }
    } catch (error) {
      logger.error({ err: error }, 'webhook_keys.unread');
    }
    return signer;
  };
  return {
    sign: (url, content) => current().sign(url, content),
    get publicKeys() {
      return current().publicKeys;
    },
    get jwks() {
      return current().jwks;
    },
  };
}

type Settings = {
  RUNLANE_WEBHOOK_MASTER_KEY: readonly string[];
  RUNLANE_WEBHOOK_SIGNATURES: 'v1' | 'v1a' | 'both';
  RUNLANE_WEBHOOK_SECRET_VERSIONS: readonly string[];
};

function warnOfGuessable({ RUNLANE_WEBHOOK_MASTER_KEY: keys }: Settings, logger: Logger): void {
  const guessable = keys.flatMap((key, index) => (isGuessable(key) ? [index + 1] : []));
  if (guessable.length === 0) return;
  logger.warn(
    { keys: guessable, advice: 'Take random ones, such as of `openssl rand -base64 33`, and rotate.' },
    'webhook_keys.guessable: RUNLANE_WEBHOOK_MASTER_KEY has keys that repeat themselves',
  );
}

function signerOf(settings: Settings): WebhookSigner {
  return createSigner(settings.RUNLANE_WEBHOOK_MASTER_KEY, {
    signatures: settings.RUNLANE_WEBHOOK_SIGNATURES,
    versions: new Map(settings.RUNLANE_WEBHOOK_SECRET_VERSIONS.map(versionsOf)),
  });
}

/** Of `endpoint=1+2`. */
function versionsOf(text: string): [string, number[]] {
  const at = text.lastIndexOf('=');
  return [
    text.slice(0, at),
    text
      .slice(at + 1)
      .split('+')
      .map(Number),
  ];
}
