/** A real OpenID provider in the process, whose people sign in without a form. */
import { exportJWK, generateKeyPair } from 'jose';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** What the provider says of somebody, when it is asked for it: its ID tokens have the `sub` alone. */
export type Account = { sub: string; claims: Record<string, string | boolean | string[]> };

export type OpenIdProvider = AsyncDisposable & {
  issuer: URL;
  clientSecret: string;
  /** Who signs in from now on. */
  account: Account;
  /** True: it answers nothing but 503. */
  isAway: boolean;
};

const SECRET = 's'.repeat(40);

/** @param consoleUrl of its client `console`; asked for with the first request, when the console has its address */
export async function startOpenIdProvider(consoleUrl: () => URL): Promise<OpenIdProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const signingKey = { ...(await exportJWK(privateKey)), kid: 'k', alg: 'RS256', use: 'sig' };
  let provider: Provider | null = null;
  const openid: OpenIdProvider = {
    issuer,
    clientSecret: SECRET,
    account: { sub: 'nobody', claims: {} },
    isAway: false,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
  const made = (): Provider =>
    new Provider(issuer.origin, {
      clients: [
        {
          client_id: 'console',
          client_secret: SECRET,
          redirect_uris: [new URL('/auth/callback', consoleUrl()).href],
          post_logout_redirect_uris: [new URL('/auth/signed-out', consoleUrl()).href],
        },
      ],
      cookies: { keys: ['k'] },
      jwks: { keys: [signingKey] },
      ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
      pkce: { required: () => true },
      claims: {
        openid: ['sub'],
        email: ['email', 'email_verified'],
        profile: ['preferred_username'],
        groups: ['groups'],
      },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...openid.account.claims }) }),
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      async loadExistingGrant({ oidc }) {
        const grant = new oidc.provider.Grant({ clientId: 'console', accountId: oidc.session?.accountId ?? '' });
        grant.addOIDCScope('openid email profile groups');
        await grant.save();
        return grant;
      },
    });
  server.on('request', (request, response) => {
    const path = new URL(request.url ?? '/', issuer).pathname;
    if (openid.isAway) return void response.writeHead(503).end();
    provider ??= made();
    if (!path.startsWith('/interaction/')) return void provider.callback()(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: openid.account.sub } });
  });
  return openid;
}
