import { z } from 'zod';
import { list, optionalUrl, text, wholeNumber } from './variable-types.ts';

/** What the console needs to have people sign in with an OpenID provider. */
export const signInVariables = {
  RUNLANE_CONSOLE_OIDC_ISSUER: optionalUrl().meta({
    description: 'The OpenID provider that people sign in with, by its issuer, with RUNLANE_CONSOLE_AUTH=oidc.',
    example: 'https://login.example/realms/ops',
  }),
  RUNLANE_CONSOLE_OIDC_CLIENT_ID: text().meta({
    description:
      'The console as the provider knows it. Its redirect URI there is RUNLANE_CONSOLE_URL with /auth/callback.',
  }),
  RUNLANE_CONSOLE_OIDC_CLIENT_SECRET: text().meta({
    description: 'What the console proves to the provider that it is this client with. Unset: a public client.',
    secret: true,
  }),
  RUNLANE_CONSOLE_OIDC_SCOPES: z
    .string()
    .default('openid profile email')
    .meta({ description: 'Scopes that are asked for, with blanks between them; one of them brings the claim.' }),
  RUNLANE_CONSOLE_OIDC_CLAIM: z
    .string()
    .default('email')
    .meta({
      description:
        'The claim that says who may use the console, a text or a list of texts; a dot leads into it, as in ' +
        'realm_access.roles. email counts only when the provider calls it verified.',
    }),
  RUNLANE_CONSOLE_OIDC_ALLOW: list(z.string()).nullable().default(null).meta({
    description:
      'Comma-separated values of that claim with which people may use the console. *: everybody who signs in.',
    example: 'ops,on-call',
  }),
  RUNLANE_CONSOLE_SESSION_KEY: list(
    z.string().min(32, { error: 'must be at least 32 characters long; `openssl rand -hex 32` makes one' }),
  )
    .nullable()
    .default(null)
    .meta({
      description:
        'Encrypts who somebody is in the cookie of their browser: any text of at least 32 characters, the same for all ' +
        'consoles at one address. Several, comma-separated, for rotation: the first is current.',
      secret: true,
    }),
  RUNLANE_CONSOLE_SESSION_SECONDS: wholeNumber({ min: 60, max: 604_800 })
    .default(28_800)
    .meta({ description: 'Seconds after which people have to sign in again.' }),
};
