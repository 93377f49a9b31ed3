import { expect, test } from 'vitest';
import { hasClaim, isStillAllowed, personOf } from './person.ts';

const ann = { sub: '1', email: 'ann@example.com', email_verified: true, groups: ['dev', 'ops'] };

test('a person is let in by one value of the claim, which may lie within another or have a dot in its name', () => {
  const let_in = { kind: 'allowed', person: { user: 'ann@example.com', subject: '1', by: 'ops' } };
  expect(personOf(ann, { claim: 'groups', allow: ['on-call', 'ops'] })).toEqual(let_in);
  expect(personOf({ ...ann, realm: { roles: ['ops'] } }, { claim: 'realm.roles', allow: ['ops'] })).toEqual(let_in);
  expect(personOf({ ...ann, 'https://x.example/g': 'ops' }, { claim: 'https://x.example/g', allow: ['ops'] })).toEqual(
    let_in,
  );
});

test.for([
  [{ sub: '1' }, 'groups'],
  [{ sub: '1', groups: 'ops-readers' }, 'groups'],
  [{ sub: '1', groups: [['ops'], { ops: true }, 1] }, 'groups'],
  [{ sub: '1', groups: { ops: true } }, 'groups.constructor.name'],
] as const)('is refused with %j', ([claims, claim]) => {
  expect(personOf(claims, { claim, allow: ['ops', 'Object'] })).toMatchObject({ kind: 'refused', user: '1' });
});

test('an email address lets in only when the provider has verified it', () => {
  const rule = { claim: 'email', allow: ['ann@example.com'] };
  expect(personOf(ann, rule)).toMatchObject({ kind: 'allowed' });
  for (const verified of [false, undefined, 'true']) {
    expect(personOf({ ...ann, email_verified: verified }, rule)).toMatchObject({ kind: 'refused' });
  }
});

test('everybody is let in where the rule says so, and only there', () => {
  expect(personOf({ sub: '1' }, { claim: 'groups', allow: ['*'] })).toMatchObject({ kind: 'allowed' });
  expect(personOf({ sub: '1', groups: ['*'] }, { claim: 'groups', allow: ['ops'] })).toMatchObject({ kind: 'refused' });
  expect(hasClaim({ sub: '1' }, { claim: 'groups', allow: ['*'] })).toBe(true);
  expect(hasClaim({ sub: '1' }, { claim: 'groups', allow: ['ops'] })).toBe(false);
});

test('who was let in by a value that the rule no longer has is let in no longer', () => {
  expect(isStillAllowed({ by: 'ops' }, { claim: 'groups', allow: ['ops'] })).toBe(true);
  expect(isStillAllowed({ by: 'ops' }, { claim: 'groups', allow: ['dev'] })).toBe(false);
  expect(isStillAllowed({ by: '*' }, { claim: 'groups', allow: ['ops'] })).toBe(false);
});
