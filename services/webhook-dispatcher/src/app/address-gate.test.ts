import { expect, test } from 'vitest';
import { AddressGate } from './address-gate.ts';

const A = '192.0.2.1';
const B = '192.0.2.2';

function known(addresses: Record<string, string[]>, cap = 2): AddressGate {
  const gate = new AddressGate(cap);
  for (const [origin, at] of Object.entries(addresses)) for (const address of at) gate.enter(origin)(address);
  return gate;
}

test('origins at a full address wait for it; origins at other or unknown addresses do not', () => {
  const gate = known({ first: [A], second: [A], other: [B] });
  const leave = gate.enter('first');
  expect(gate.hasRoom('second')).toBe(true);
  gate.enter('first');
  expect(['first', 'second', 'other', 'new'].map((origin) => gate.hasRoom(origin))).toEqual([false, false, true, true]);
  expect(leave(A)).toBe(true);
  expect(gate.hasRoom('second')).toBe(true);
});

test('addresses of one IPv6 network count as one', () => {
  const gate = known({ first: ['2001:db8:1:2::1'], second: ['2001:db8:1:2::2'] }, 1);
  gate.enter('first');
  expect(gate.hasRoom('second')).toBe(false);
});

test('an origin with several addresses has room while one of them has', () => {
  const gate = known({ first: [A, B] });
  const leave = Array.from({ length: 4 }, () => {
    expect(gate.hasRoom('first')).toBe(true);
    return gate.enter('first');
  });
  expect(gate.hasRoom('first')).toBe(false);
  for (const one of leave) one(A);
  expect(gate.hasRoom('first')).toBe(true);
});
