/** Who a person is according to an OpenID provider, and whether they may use the console. */

/** `claim`: a path with dots; `allow`: its permitted values, or `*` for everybody. */
export type PersonRule = { claim: string; allow: readonly string[] };

/** `subject`: the id that the provider gives to nobody else; `by`: the value that admits the person. */
export type Person = { user: string; subject: string; by: string };

/** `why`: a sentence for whoever was refused. */
export type PersonVerdict = { kind: 'allowed'; person: Person } | { kind: 'refused'; user: string; why: string };

export type Claims = Readonly<Record<string, unknown>> & { sub: string };

export const ANYBODY = '*';

export function personOf(claims: Claims, { claim, allow }: PersonRule): PersonVerdict {
  const user = nameOf(claims);
  const by = allow.includes(ANYBODY) ? ANYBODY : valuesOf(claims, claim).find((value) => allow.includes(value));
  if (by === undefined) {
    return { kind: 'refused', user, why: `Your ${claim} is none of those that may use this console.` };
  }
  // Otherwise people who can write any address into their account could be anybody.
  if (by !== ANYBODY && claim === 'email' && claims['email_verified'] !== true) {
    return { kind: 'refused', user, why: 'Your provider does not say that your email address is verified.' };
  }
  return { kind: 'allowed', person: { user, subject: claims.sub, by } };
}

/** Whether the rule admits a person who was admitted before, by this rule or an earlier one. */
export function isStillAllowed({ by }: Pick<Person, 'by'>, { allow }: PersonRule): boolean {
  return allow.includes(by);
}

/** Whether the claims contain the one that the rule looks at. */
export function hasClaim(claims: Claims, { claim, allow }: PersonRule): boolean {
  return allow.includes(ANYBODY) || valuesOf(claims, claim).length > 0;
}

function nameOf(claims: Claims): string {
  const names = ['email', 'preferred_username', 'name'].map((name) => claims[name]);
  return names.find((name) => typeof name === 'string' && name !== '')?.toString() ?? claims.sub;
}

/** A claim's own name may contain dots, for example when it is a URL. */
function valuesOf(claims: Claims, claim: string): string[] {
  const found = Object.hasOwn(claims, claim) ? claims[claim] : claim.split('.').reduce<unknown>(partOf, claims);
  return (Array.isArray(found) ? found : [found]).filter((value): value is string => typeof value === 'string');
}

function partOf(whole: unknown, name: string): unknown {
  if (typeof whole !== 'object' || whole === null || !Object.hasOwn(whole, name)) return undefined;
  return Object.entries(whole).find(([key]) => key === name)?.[1];
}
