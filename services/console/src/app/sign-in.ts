/**
 * Purpose   People sign in with an OpenID provider, and their browser keeps who they are.
 * State     None in the process: what a sign-in that is under way needs, and who somebody is, are in sealed cookies, so that
 *           any console with the same key goes on with them.
 */
import { isStillAllowed, personOf } from '../domain/person.ts';
import type { Claims, Person, PersonRule, PersonVerdict } from '../domain/person.ts';

export type SignInSettings = {
  /** Where people reach the console. */
  publicUrl: URL;
  issuer: URL;
  clientId: string;
  /** As it is now: it may change while the console runs. Null: a public client. */
  clientSecret: () => string | null;
  /** With blanks between them. */
  scopes: string;
  rule: PersonRule;
  /** The first seals; all open. */
  keys: readonly string[];
  sessionSeconds: number;
};

/** What makes an answer of the provider one to this browser's question. */
export type SignInChecks = { state: string; nonce: string; verifier: string };

/** An answer of the provider that lets nobody in; the message is for whoever signs in. */
export class SignInFailed extends Error {
  override readonly name = 'SignInFailed';
}

export interface IdentityProvider {
  /** Where to send a browser. Rejects with RetryableError while the provider does not answer. */
  begin(): Promise<{ url: URL; checks: SignInChecks }>;
  /**
   * What the provider says of who has come back with `answer`, the query that it has sent them with. Rejects with
   * SignInFailed; with RetryableError while the provider does not answer.
   */
  finish(answer: URLSearchParams, checks: SignInChecks): Promise<Claims>;
  /** Where to send a browser to sign out of the provider; null when it has no such place. */
  endUrl(): Promise<URL | null>;
}

/** Texts that only a console with the key can read or make, and only for one purpose and a while. */
export interface Sealing {
  seal(purpose: Purpose, value: Record<string, unknown>, seconds: number): Promise<string>;
  /** Null: it is none of ours, of another purpose, or too old. `until`: when it ends. */
  open(purpose: Purpose, text: string): Promise<{ value: Record<string, unknown>; until: Date } | null>;
}

export type Purpose = 'session' | 'sign-in';

/** How long somebody may take to sign in. */
export const SIGN_IN_SECONDS = 600;

export type Session = { person: Person; until: Date };

/** `session` is for the browser to bring with whatever it asks; `to`: the path to go on to. */
export type Finished =
  | (Extract<PersonVerdict, { kind: 'allowed' }> & { session: string; to: string })
  | Extract<PersonVerdict, { kind: 'refused' }>;

export type SignIn = ReturnType<typeof createSignIn>;

export function createSignIn(settings: SignInSettings, provider: IdentityProvider, sealing: Sealing) {
  const { rule, sessionSeconds } = settings;
  return {
    settings,

    /** `kept` is for the browser to bring back; `to`: the path that it goes on to. */
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

    /** Null: nobody whom the rule lets in is signed in by it. */
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

/** The path if it is one of the console itself, and otherwise its beginning: a link must not lead elsewhere by a sign-in. */
export function ownPath(text: string): string {
  const base = 'http://console.invalid';
  if (!text.startsWith('/') || !URL.canParse(text, base)) return '/';
  const { origin, pathname, search } = new URL(text, base);
  return origin === base && !pathname.startsWith('//') && !pathname.startsWith('/auth/') ? `${pathname}${search}` : '/';
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
