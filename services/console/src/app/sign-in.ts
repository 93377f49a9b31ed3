/**
 * Purpose   People sign in with an OpenID provider, and their browser keeps the session.
 * State     None in the process: sessions, and sign-ins that are under way, are in sealed cookies, so that any console with the
 *           same key can continue them.
 */
import { isStillAllowed, personOf } from '../domain/person.ts';
import type { Claims, Person, PersonRule, PersonVerdict } from '../domain/person.ts';

export type SignInSettings = {
  /** Where people reach the console. */
  publicUrl: URL;
  issuer: URL;
  clientId: string;
  /** The present secret, because it may change while the console runs. Null: a public client. */
  clientSecret: () => string | null;
  /** Separated by blanks. */
  scopes: string;
  rule: PersonRule;
  /** The first key seals; each of them opens. */
  keys: readonly string[];
  sessionSeconds: number;
};

/** Values that tie the provider's answer to the sign-in of this browser. */
export type SignInChecks = { state: string; nonce: string; verifier: string };

/** Thrown when the provider's answer admits nobody; the message is for the person who signs in. */
export class SignInFailed extends Error {
  override readonly name = 'SignInFailed';
}

export interface IdentityProvider {
  /** Where to send a browser. Rejects with RetryableError while the provider does not answer. */
  begin(): Promise<{ url: URL; checks: SignInChecks }>;
  /**
   * The claims about the person whom the provider has sent back with the query `answer`. Rejects with SignInFailed, or with
   * RetryableError while the provider does not answer.
   */
  finish(answer: URLSearchParams, checks: SignInChecks): Promise<Claims>;
  /** Where to send a browser to sign out of the provider; null when it has no such place. */
  endUrl(): Promise<URL | null>;
}

/** Texts that only a console with the key can make and read, each for one purpose and a limited time. */
export interface Sealing {
  seal(purpose: Purpose, value: Record<string, unknown>, seconds: number): Promise<string>;
  /** Null: not ours, for another purpose, or expired. `until`: when it expires. */
  open(purpose: Purpose, text: string): Promise<{ value: Record<string, unknown>; until: Date } | null>;
}

export type Purpose = 'session' | 'sign-in';

/** How long somebody may take to sign in. */
export const SIGN_IN_SECONDS = 600;

export type Session = { person: Person; until: Date };

/** `session`: the cookie of all later requests; `to`: the path to redirect to. */
export type Finished =
  | (Extract<PersonVerdict, { kind: 'allowed' }> & { session: string; to: string })
  | Extract<PersonVerdict, { kind: 'refused' }>;

export type SignIn = ReturnType<typeof createSignIn>;

export function createSignIn(settings: SignInSettings, provider: IdentityProvider, sealing: Sealing) {
  const { rule, sessionSeconds } = settings;
  return {
    settings,

    /** `kept`: the cookie that the browser brings back; `to`: the path to redirect to afterwards. */
    async begin(to: string): Promise<{ url: URL; kept: string }> {
      const { url, checks } = await provider.begin();
      return { url, kept: await sealing.seal('sign-in', { ...checks, to: ownPath(to) }, SIGN_IN_SECONDS) };
    },

    /** Rejects with SignInFailed and RetryableError. */
    async finish(answer: URLSearchParams, kept: string): Promise<Finished> {
      const opened = (await sealing.open('sign-in', kept))?.value;
      const { state, nonce, verifier, to } = opened ?? {};
      if (!isText(state) || !isText(nonce) || !isText(verifier) || !isText(to)) {
        throw new SignInFailed('This sign-in was not begun in this browser, or long ago.');
      }
      const verdict = personOf(await provider.finish(answer, { state, nonce, verifier }), rule);
      if (verdict.kind === 'refused') return verdict;
      return { ...verdict, session: await sealing.seal('session', verdict.person, sessionSeconds), to };
    },

    /** Null: the session is no longer valid, or the rule does not admit its person. */
    async sessionOf(text: string): Promise<Session | null> {
      const opened = await sealing.open('session', text);
      const { user, subject, by } = opened?.value ?? {};
      if (opened === null || !isText(user) || !isText(subject) || !isText(by)) return null;
      const person = { user, subject, by };
      return isStillAllowed(person, rule) ? { person, until: opened.until } : null;
    },

    endUrl: () => provider.endUrl(),
  };
}

/** The path if it belongs to the console, else its first page: a sign-in must not redirect to another site. */
export function ownPath(text: string): string {
  const base = 'http://console.invalid';
  if (!text.startsWith('/') || !URL.canParse(text, base)) return '/';
  const { origin, pathname, search } = new URL(text, base);
  return origin === base && !pathname.startsWith('//') && !pathname.startsWith('/auth/') ? `${pathname}${search}` : '/';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
