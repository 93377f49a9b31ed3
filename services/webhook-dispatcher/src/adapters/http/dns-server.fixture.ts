/** A DNS server on loopback UDP that answers as a test scripts it, byte by byte after RFC 1035. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';

export type DnsRecord = { name: string; type: 'A' | 'AAAA' | 'CNAME' | 'NS'; value: string };
export type DnsAnswer =
  | { kind: 'records'; records: DnsRecord[]; isTruncated?: boolean }
  | { kind: 'code'; code: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' }
  /** No answer at all. */
  | { kind: 'mute' };

export type DnsServer = AsyncDisposable & {
  resolver: Resolver;
  address: string;
  /** What was asked, as `A hooks.example`. */
  queries: string[];
};

const TYPES = { A: 1, NS: 2, CNAME: 5, AAAA: 28 } as const;
const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** The addresses of one name, at most one of each family kept apart by a colon. */
export function addresses(name: string, type: string, values: readonly string[]): DnsAnswer {
  const fitting = values.filter((value) => value.includes(':') === (type === 'AAAA'));
  return { kind: 'records', records: fitting.map((value) => ({ name, type: type === 'AAAA' ? 'AAAA' : 'A', value })) };
}

/** @param answer the root's name servers are answered for the test, unless it scripts `NS` of the empty name */
export async function dnsServer(answer: (name: string, type: string) => DnsAnswer): Promise<DnsServer> {
  const queries: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = question(query);
    // Of the network, not of a receiver.
    if (name !== 'ipv4only.arpa') queries.push(`${type} ${name}`);
    const scripted = answer(name, type);
    if (scripted.kind !== 'mute') socket.send(reply(query.subarray(0, end), scripted), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  const address = `127.0.0.1:${socket.address().port}`;
  resolver.setServers([address]);
  return {
    resolver,
    address,
    queries,
    [Symbol.asyncDispose]: async () => {
      resolver.cancel();
      socket.close();
      await once(socket, 'close');
    },
  };
}

function question(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = Object.entries(TYPES).find(([, value]) => value === number)?.[0] ?? String(number);
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function reply(head: Buffer, answer: Exclude<DnsAnswer, { kind: 'mute' }>): Buffer {
  const records = answer.kind === 'records' ? answer.records : [];
  const isTruncated = answer.kind === 'records' && answer.isTruncated === true;
  const answered = Buffer.from(head);
  answered.writeUInt16BE(0x8180 | (isTruncated ? 0x0200 : 0) | (answer.kind === 'code' ? CODES[answer.code] : 0), 2);
  answered.writeUInt16BE(records.length, 6);
  answered.writeUInt32BE(0, 8);
  return Buffer.concat([answered, ...records.map(encode)]);
}

function encode({ name, type, value }: DnsRecord): Buffer {
  const data =
    type === 'A' ? Buffer.from(value.split('.').map(Number)) : type === 'AAAA' ? ipv6(value) : encodeName(value);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(name), fixed, data]);
}

function encodeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    Buffer.from([0]),
  ]);
}

function ipv6(text: string): Buffer {
  const [left = '', right = ''] = text.split('::');
  const groups = (side: string): string[] => (side === '' ? [] : side.split(':'));
  const zeros = Array<string>(8 - groups(left).length - groups(right).length).fill('0');
  const data = Buffer.alloc(16);
  [...groups(left), ...zeros, ...groups(right)].forEach((group, index) =>
    data.writeUInt16BE(Number.parseInt(group, 16), index * 2),
  );
  return data;
}
