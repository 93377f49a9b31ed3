/** An OpenID provider: authorization code with PKCE, state and nonce. */
import { RetryableError, isAbort } from '@runlane/service-kit';
import * as client from 'openid-client';
import { SignInFailed } from '../app/sign-in.ts';
import type { IdentityProvider, SignInSettings } from '../app/sign-in.ts';
import { hasClaim } from '../domain/person.ts';
import type { Claims } from '../domain/person.ts';

const TIMEOUT_SECONDS = 10;
const CODE = 'sign_in_provider_away';

/** Its endpoints are discovered at the first sign-in, and again only after a failure. */
export function createIdentityProvider(settings: SignInSettings): IdentityProvider {
  const { publicUrl, issuer, clientId, clientSecret, scopes, rule } = settings;
  const redirectUri = new URL('/auth/callback', publicUrl);
  const enable =
    issuer.protocol === 'http:'
      ? [client.allowInsecureRequests, client.enableNonRepudiationChecks]
      : [client.enableNonRepudiationChecks];
  let known: Promise<client.ServerMetadata> | null = null;
  const metadata = (): Promise<client.ServerMetadata> => {
    known ??= client
      .discovery(issuer, clientId, undefined, client.None(), { execute: enable, timeout: TIMEOUT_SECONDS })
      .then((found) => found.serverMetadata());
    return known.catch((error: unknown) => {
      known = null;
      throw awayOf(error, issuer);
    });
  };
  const configured = async (): Promise<client.Configuration> => {
    const found = await metadata();
    const configuration = new client.Configuration(found, clientId, undefined, authenticationOf(found, clientSecret()));
    configuration.timeout = TIMEOUT_SECONDS;
    for (const apply of enable) apply(configuration);
    return configuration;
  };
  return {
    async begin() {
      const checks = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(await configured(), {
        redirect_uri: redirectUri.href,
        scope: scopes,
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: 'S256',
      });
      return { url, checks };
    },

    async finish(answer, { state, nonce, verifier }) {
      const configuration = await configured();
      const url = new URL(`?${answer}`, redirectUri);
      try {
        const tokens = await client.authorizationCodeGrant(configuration, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims: Claims | undefined = tokens.claims();
        if (claims === undefined) throw new SignInFailed('The provider has answered without an ID token.');
        if (hasClaim(claims, rule) || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
        const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
        return { ...more, ...claims };
      } catch (error) {
        throw answerOf(error, issuer);
      }
    },

    async endUrl() {
      const configuration = await configured();
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
      return client.buildEndSessionUrl(configuration, {
        post_logout_redirect_uri: new URL('/auth/signed-out', publicUrl).href,
      });
    },
  };
}

/** The default of providers, unless this one says that it accepts only the other method. */
function authenticationOf(found: client.ServerMetadata, secret: string | null): client.ClientAuth {
  if (secret === null) return client.None();
  const taken = found.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return taken.includes('client_secret_basic') ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

function awayOf(error: unknown, issuer: URL): Error {
  return new RetryableError(
    `The OpenID provider ${issuer.href} does not answer as one: ${reasonOf(error)}. RUNLANE_CONSOLE_OIDC_ISSUER has to be its ` +
      'issuer, and this machine has to reach it.',
    { code: CODE, cause: error },
  );
}

/** Which errors of the grant people can mend. A server that does not answer, or answers 5xx, is away. */
function answerOf(error: unknown, issuer: URL): unknown {
  if (error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError) {
    const reason = [error.error, error.error_description].filter((part) => part !== undefined).join(': ');
    return new SignInFailed(`The provider has refused it: ${reason}.`, { cause: error });
  }
  if (error instanceof client.ClientError) {
    const isAway = error.cause instanceof Response && error.cause.status >= 500;
    if (isAway || error.code === 'OAUTH_TIMEOUT') return awayOf(error, issuer);
    return new SignInFailed(`The provider's answer does not fit this sign-in: ${error.message}.`, { cause: error });
  }
  return error instanceof TypeError || isAbort(error) ? awayOf(error, issuer) : error;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
