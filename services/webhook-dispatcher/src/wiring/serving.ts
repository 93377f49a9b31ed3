import { startHttp, startRoutes } from '@runlane/service-kit';
import type { Check, HttpEndpoint, HttpOptions, Logger, Scope } from '@runlane/service-kit';
import type { WebhookSigner } from '@runlane/webhooks';

/** How long the delivery loop may fail, for a reason that no server has, before the process is not alive. */
const STALLED_MS = 60_000;

export type ServingNeeds = {
  /** Null = a free one. */
  httpPort: number | null;
  /** RUNLANE_WEBHOOK_KEYS_PORT; null for none. */
  keysPort: number | null;
  probes: { live: () => Check; ready: HttpOptions['ready'] };
  /** For how many milliseconds the delivery loop has got nowhere; 0 before it has begun. */
  stalledForMs: () => number;
  metrics: HttpOptions['metrics'];
  signer: Pick<WebhookSigner, 'publicKeys' | 'jwks'>;
  logger: Logger;
};

/**
 * Serves probes, metrics and the public keys; the keys also on a port of their own, which can be published when metrics must not.
 *
 * Thrown: RunlaneError when a port cannot be had.
 */
export async function startServing(
  scope: Scope,
  needs: ServingNeeds,
): Promise<{ http: HttpEndpoint; keys: HttpEndpoint | null }> {
  const { httpPort, keysPort, probes, stalledForMs, metrics, signer, logger } = needs;
  const routes = {
    '/.well-known/webhook-keys': () => ({ keys: signer.publicKeys }),
    '/.well-known/jwks.json': () => ({ keys: signer.jwks }),
  };
  const live = () => ({ ...probes.live(), ...livenessOf(stalledForMs()) });
  const http = scope.use(
    await startHttp({ port: httpPort, live, ready: () => probes.ready(), metrics, routes, logger }),
    'http',
  );
  if (keysPort === null) return { http, keys: null };
  const variable = 'RUNLANE_WEBHOOK_KEYS_PORT';
  return { http, keys: scope.use(await startRoutes({ port: keysPort, variable, routes, logger }), 'http of keys') };
}

/** A delivery that gets nowhere, and not because the database is away, is worth a restart. */
function livenessOf(stalledForMs: number): Check {
  if (stalledForMs < STALLED_MS) return {};
  return { delivery: `the delivery loop has failed for ${Math.round(stalledForMs / 1_000)} s` };
}
