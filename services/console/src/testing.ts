/** For tests of other packages: the console over HTTP without its servers, and a provider to sign in with. */
export { serveConsole } from './adapters/http/console-http.fixture.ts';
export type { ServedConsole } from './adapters/http/console-http.fixture.ts';
export { startOpenIdProvider } from './adapters/http/openid.fixture.ts';
export type { OpenIdProvider } from './adapters/http/openid.fixture.ts';
export { createIdentityProvider } from './adapters/oidc-provider.ts';
export { createSealing } from './adapters/sealed-texts.ts';
export { createSignIn } from './app/sign-in.ts';
