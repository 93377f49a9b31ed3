/** Doubled: the resolver and the clock. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HostLookup } from './host-lookup.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new Promise<string[]>(() => undefined);
const late = (addresses: string[]) => new Promise<string[]>((resolve) => setTimeout(() => resolve(addresses), 900));

test.each([
  ['IPv6', { resolve4: async () => ['192.0.2.1'], resolve6: () => never }, '192.0.2.1'],
  ['IPv4', { resolve4: () => never, resolve6: async () => ['2001:db8::1'] }, '2001:db8::1'],
])('servers that never answer for %s cost a quarter of the time that a lookup has', async (_name, answers, address) => {
  const lookup = new HostLookup({ ...answers, resolveNs: () => never }, 4_000).lookup('hooks.example');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await lookup).toEqual({ kind: 'addresses', addresses: [address] });
});

test('the family that answers later counts too, within that time', async () => {
  const answers = {
    resolve4: async () => ['192.0.2.1'],
    resolve6: () => late(['2001:db8::1']),
    resolveNs: () => never,
  };
  const lookup = new HostLookup(answers, 4_000).lookup('hooks.example');
  await vi.advanceTimersByTimeAsync(900);
  expect(await lookup).toEqual({ kind: 'addresses', addresses: ['2001:db8::1', '192.0.2.1'] });
});
