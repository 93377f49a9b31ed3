/**
 * Names: the dialled address is the checked one, and a name or resolver without an answer affects no other origin
 * (classes D and S of the hostile endpoints). Real and doubled as in sender-guard.test.ts.
 */
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { eventually } from '@runlane/testkit';
import { always, canaries, HOST, httpPolicy, PUBLIC_V6 } from './canaries.fixture.ts';
import type { Dial } from './dial.ts';
import { addresses, dnsServer } from './dns-server.fixture.ts';
import { createResolver } from './host-lookup.ts';
import type { DnsAnswer } from './dns-server.fixture.ts';
import { limits, short, SLACK_MS } from './hostile-answers.fixture.ts';
import { answering, inShort, OK, post, PUBLIC, receiver, recordingDial, testSender } from './receivers.fixture.ts';

const birds = await canaries();
afterAll(() => birds[Symbol.asyncDispose]());
afterEach(() => {
  birds.dialled.length = 0;
  if (birds.hits.length > 0) throw new Error(`A canary was reached: ${birds.hits.splice(0).join(', ')}.`);
});

describe('the addresses that are dialled are the ones that were checked', () => {
  test.each([
    ['IPv4 only', [PUBLIC], [`${PUBLIC} 80`]],
    ['IPv6 only', [PUBLIC_V6], [`${PUBLIC_V6} 80`]],
  ])('H-D4 %s, with one lookup for each family and the Host of the name', async (_name, values, expected) => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, values)));
    const { dial, dialled: sent } = recordingDial(to.port);
    await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    expect(sent).toEqual(expected);
    expect(dns.queries.toSorted()).toEqual([`A ${HOST}`, `AAAA ${HOST}`]);
    expect(to.received[0]).toContain(`\r\nhost: ${HOST}\r\n`);
  });

  test('H-D4 one family refuses, or hangs: the other one is used', async () => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [PUBLIC, PUBLIC_V6])));
    for (const isHanging of [false, true]) {
      const { dial: real, dialled: sent } = recordingDial((address) => (address === PUBLIC ? to.port : 1));
      // A socket that nobody connects: as a network that drops what is sent.
      const dial: Dial = (address, port) => {
        const socket = real(address, port);
        if (isHanging && address === PUBLIC_V6) socket.removeAllListeners().on('error', () => undefined);
        return isHanging && address === PUBLIC_V6 ? Object.assign(socket, { once: () => socket }) : socket;
      };
      await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
      const result = await post(sender, `http://${HOST}/`);
      expect([inShort(result), result.address]).toEqual(['200', PUBLIC]);
      expect(sent).toEqual([`${PUBLIC_V6} 80`, `${PUBLIC} 80`]);
    }
  });

  test.each(['SERVFAIL', 'REFUSED'] as const)(
    'H-D4 the lookup of one family ends in %s: the other one is used',
    async (code) => {
      await using to = await receiver(answering(OK));
      await using dns = await dnsServer(
        always((name, type) => (type === 'AAAA' ? { kind: 'code', code } : addresses(name, type, [PUBLIC]))),
      );
      const { dial } = recordingDial(to.port);
      await using sender = testSender({ resolver: dns.resolver, dial, limits, policy: httpPolicy() });
      expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
    },
  );
});

describe('connections that are kept', () => {
  test('are closed after a while, so that steady traffic follows a receiver that moves by DNS', async () => {
    await using to = await receiver(answering(OK));
    const at = [PUBLIC];
    await using dns = await dnsServer(always((name, type) => addresses(name, type, at)));
    const { dial, dialled: sent } = recordingDial(to.port);
    const keeping = { requests: 2, idleMs: 600_000, ageMs: 600_000 };
    await using sender = testSender({ resolver: dns.resolver, dial, limits, keeping, policy: httpPolicy() });
    for (let n = 1; n <= 5; n += 1) {
      expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
      at[0] = PUBLIC_V6;
    }
    expect(sent).toEqual([`${PUBLIC} 80`, `${PUBLIC_V6} 80`, `${PUBLIC_V6} 80`]);
  });

  test('are closed when there are many, those used least recently first', async () => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [PUBLIC])));
    const { dial, dialled: sent } = recordingDial(to.port);
    const keeping = { idle: 2, idleMs: 600_000, ageMs: 600_000 };
    await using sender = testSender({ resolver: dns.resolver, dial, limits, keeping, policy: httpPolicy() });
    for (const name of ['a', 'b', 'a', 'c']) await post(sender, `http://${name}.${HOST}/`);
    expect(sent).toHaveLength(3);
    for (const name of ['a', 'c']) await post(sender, `http://${name}.${HOST}/`);
    expect(sent).toHaveLength(3);
    await post(sender, `http://b.${HOST}/`);
    expect(sent).toHaveLength(4);
  });
});

test('a question or an answer that is lost on its way is asked again', async () => {
  await using to = await receiver(answering(OK));
  const asked = new Set<string>();
  await using dns = await dnsServer((name, type) => {
    const isFirst = !asked.has(`${type} ${name}`);
    asked.add(`${type} ${name}`);
    return isFirst ? { kind: 'mute' } : addresses(name, type, [PUBLIC]);
  });
  const resolver = createResolver(2_000);
  resolver.setServers([dns.address]);
  const { dial } = recordingDial(to.port);
  await using sender = testSender({ resolver, dial, limits: { dnsMs: 20_000 }, policy: httpPolicy() });
  expect(inShort(await post(sender, `http://${HOST}/`))).toBe('200');
});

describe('a name without an address is tried again later', () => {
  test.each<[string, string, DnsAnswer]>([
    ['H-D7', 'NXDOMAIN', { kind: 'code', code: 'NXDOMAIN' }],
    ['H-D7', 'SERVFAIL', { kind: 'code', code: 'SERVFAIL' }],
    ['H-D7', 'REFUSED', { kind: 'code', code: 'REFUSED' }],
    ['H-D7', 'an empty answer', { kind: 'records', records: [] }],
    [
      'H-D7',
      'a truncated answer',
      { kind: 'records', records: [{ name: HOST, type: 'A', value: PUBLIC }], isTruncated: true },
    ],
    [
      'H-D7',
      'seventeen addresses',
      addresses(
        HOST,
        'A',
        Array.from({ length: 17 }, (_, index) => `93.184.215.${index}`),
      ),
    ],
    ['H-D6', 'an alias of itself', { kind: 'records', records: [{ name: HOST, type: 'CNAME', value: HOST }] }],
    [
      'H-D6',
      'aliases that lead nowhere',
      {
        kind: 'records',
        records: Array.from({ length: 30 }, (_, index) => ({
          name: index === 0 ? HOST : `c${index}.ex`,
          type: 'CNAME',
          value: `c${index + 1}.ex`,
        })),
      },
    ],
    ['H-D8', 'no answer', { kind: 'mute' }],
  ])('%s %s', async (_row, _name, answer) => {
    await using dns = await dnsServer(
      always((_asked, type) =>
        type === 'A' ? answer : { kind: answer.kind === 'mute' ? 'mute' : 'records', records: [] },
      ),
    );
    const within = answer.kind === 'mute' ? short : limits;
    await using sender = testSender({ resolver: dns.resolver, dial: birds.dial, limits: within });
    const result = await post(sender, `https://${HOST}/s3cret`);
    expect(inShort(result)).toBe('failed dns');
    expect(result).toMatchObject({ message: expect.stringContaining(HOST), timings: { connectMs: null } });
    expect(result.timings.totalMs).toBeLessThan(2 * within.dnsMs + SLACK_MS);
  });

  test('H-D8 and two hundred names without an answer do not delay another origin', async () => {
    await using to = await receiver(answering(OK));
    await using dns = await dnsServer(
      always((name, type) => (name.endsWith('.mute.example') ? { kind: 'mute' } : addresses(name, type, [PUBLIC]))),
    );
    const { dial } = recordingDial(to.port);
    await using sender = testSender({ resolver: dns.resolver, dial, limits: { dnsMs: 2_000 }, policy: httpPolicy() });
    expect(inShort(await post(sender, `http://a.${HOST}/`))).toBe('200');
    const mute = Array.from({ length: 200 }, (_, index) => post(sender, `http://n${index}.mute.example/`));
    // The buffer of a UDP socket does not hold all four hundred questions that are asked at once.
    await eventually(() => dns.queries.length >= 200, { what: 'the lookups under way', deadlineMs: 2_000 });
    const result = await post(sender, `http://${HOST}/`);
    expect(inShort(result)).toBe('200');
    expect(result.timings.totalMs).toBeLessThan(1_000);
    expect(new Set((await Promise.all(mute)).map(inShort))).toEqual(new Set(['failed dns']));
  });
});

describe('a resolver that never answers is a fault of ours', () => {
  test.each<[string, DnsAnswer]>([
    ['is mute', { kind: 'mute' }],
    ['has SERVFAIL for all', { kind: 'code', code: 'SERVFAIL' }],
  ])('when it %s', async (_name, answer) => {
    await using dns = await dnsServer(() => answer);
    await using sender = testSender({
      resolver: dns.resolver,
      dial: birds.dial,
      limits: answer.kind === 'mute' ? short : limits,
    });
    const result = await post(sender, `https://${HOST}/`);
    expect(result).toMatchObject({ kind: 'infrastructure', message: expect.stringContaining('resolver') });
  });

  test('but not while it answers for other names', async () => {
    await using dns = await dnsServer((name) => ({
      kind: 'code',
      code: name === 'gone.example' ? 'NXDOMAIN' : 'SERVFAIL',
    }));
    await using sender = testSender({ resolver: dns.resolver, dial: birds.dial, limits });
    expect(inShort(await post(sender, 'https://gone.example/'))).toBe('failed dns');
    expect(inShort(await post(sender, `https://${HOST}/`))).toBe('failed dns');
  });
});

describe('H-S11 many names at one address share its slots', () => {
  test('and leave the slots of other addresses alone', async () => {
    const OTHER = '93.184.216.34';
    await using hanging = await receiver(() => undefined);
    await using healthy = await receiver(answering(OK));
    await using dns = await dnsServer(always((name, type) => addresses(name, type, [name === HOST ? OTHER : PUBLIC])));
    const { dial, dialled: sent } = recordingDial((address) => (address === OTHER ? healthy.port : hanging.port));
    await using sender = testSender({
      resolver: dns.resolver,
      dial,
      limits: { ...limits, headersMs: 1_500, slotMs: 500 },
      policy: httpPolicy(),
      attemptsPerAddress: 3,
    });
    const attempts = Array.from({ length: 10 }, (_, index) => post(sender, `http://n${index}.evil${index}.example/`));
    await eventually(() => hanging.requestCount() === 3, { what: 'three attempts under way' });
    const result = await post(sender, `http://${HOST}/`);
    expect([inShort(result), sent.filter((to) => to.startsWith(PUBLIC)).length]).toEqual(['200', 3]);
    const outcomes = (await Promise.all(attempts)).map(inShort);
    expect(hanging.requestCount()).toBe(3);
    expect(outcomes.toSorted()).toEqual([...Array(3).fill('failed timeout'), ...Array(7).fill('infrastructure')]);
    // All slots are back: the same number can begin again.
    await Promise.all(Array.from({ length: 3 }, (_, index) => post(sender, `http://m${index}.example/`)));
    expect(hanging.requestCount()).toBe(6);
  });
});
