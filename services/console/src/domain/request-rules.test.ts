import { describe, expect, test } from 'vitest';
import { actionProblem, isLoopback, isLoopbackHost } from './request-rules.ts';
import type { RequestFacts } from './request-rules.ts';

const asked: RequestFacts = {
  host: 'console.example:8090',
  publicOrigin: null,
  origin: 'https://console.example:8090',
  secFetchSite: 'same-origin',
  contentType: 'application/json',
  token: 'a',
  cookieToken: 'a',
};

describe('an action', () => {
  test('of the page itself is accepted, also from a browser that does not send the site', () => {
    expect(actionProblem(asked)).toBeNull();
    expect(actionProblem({ ...asked, secFetchSite: null, origin: null })).toBeNull();
    expect(actionProblem({ ...asked, contentType: 'application/json; charset=utf-8' })).toBeNull();
  });

  test('comes from where people reach the console, when that is known', () => {
    const known = { ...asked, publicOrigin: 'https://other.example' };
    expect(actionProblem({ ...known, origin: 'https://other.example' })).toBeNull();
    expect(actionProblem(known)).toMatch(/RUNLANE_CONSOLE_URL/);
  });

  test.for<[string, Partial<RequestFacts>]>([
    ['a form of another site', { contentType: 'application/x-www-form-urlencoded' }],
    ['no type', { contentType: null }],
    ['another site', { secFetchSite: 'cross-site' }],
    ['a neighbouring name', { secFetchSite: 'same-site' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another port', { origin: 'https://console.example' }],
    ['an origin that hides', { origin: 'null' }],
    ['no token', { token: null, cookieToken: null }],
    ['another token', { token: 'b' }],
    ['an empty token', { token: '', cookieToken: '' }],
  ])('is refused with %s', ([, facts]) => {
    expect(actionProblem({ ...asked, ...facts })).toMatch(/\.$/);
  });
});

test('a name that resolves to this machine does not count as this machine', () => {
  expect(['localhost:1', '127.0.0.1', '[::1]:8090', 'LOCALHOST'].map(isLoopbackHost)).toEqual([true, true, true, true]);
  expect([null, 'evil.example:8090', 'localhost.evil.example', '127.0.0.1.evil.example'].map(isLoopbackHost)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].map(isLoopback)).toEqual([true, true, true, true]);
  expect(['0.0.0.0', '::', '10.0.0.1', 'example.com'].map(isLoopback)).toEqual([false, false, false, false]);
});
