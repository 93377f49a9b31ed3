/**
 * Two listeners that nothing may ever reach, on 127.0.0.1 and ::1, and the surroundings in which a broken guard would
 * reach them: every dialled address arrives at the canary of its family.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { createWebhookPolicy } from '@runlane/webhooks';
import type { WebhookPolicy } from '@runlane/webhooks';
import type { Dial } from './dial.ts';
import type { DnsAnswer } from './dns-server.fixture.ts';

export const HOST = 'hooks.example';
export const PUBLIC_V6 = '2606:2800:21f:cb07::1';

export type Canaries = AsyncDisposable & {
  dial: Dial;
  /** Where the dialler was sent, as `address port`. */
  dialled: string[];
  /** What reached a canary. */
  hits: string[];
};

export async function canaries(): Promise<Canaries> {
  const hits: string[] = [];
  const dialled: string[] = [];
  const listen = async (host: string): Promise<Server> => {
    const server = createServer((socket) => {
      hits.push(`connection to ${host}`);
      socket.on('data', (chunk) => hits.push(`${chunk.length} bytes to ${host}`));
      socket.on('error', () => socket.destroy());
    });
    server.listen(0, host);
    await once(server, 'listening');
    return server;
  };
  const [v4, v6] = await Promise.all([listen('127.0.0.1'), listen('::1')]);
  return {
    hits,
    dialled,
    dial: (address, port) => {
      dialled.push(`${address} ${port}`);
      const isV6 = address.includes(':');
      return connect({ host: isV6 ? '::1' : '127.0.0.1', port: ((isV6 ? v6 : v4).address() as AddressInfo).port });
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([v4, v6].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** The real policy, but that http to port 80 of public addresses passes, so that the guard is tested without TLS. */
export function httpPolicy(deny: string[] = []): WebhookPolicy {
  const policy = createWebhookPolicy({ allow: [], deny });
  return {
    judgeUrl: (text) => {
      const verdict = policy.judgeUrl(text.replace(/^http:/, 'https:'));
      if (verdict.kind !== 'ok' || !text.startsWith('http:')) return verdict;
      const plain = (url: string): string => url.replace(/^https:/, 'http:');
      return { ...verdict, url: plain(verdict.url), origin: plain(verdict.origin), port: 80 };
    },
    judgeAddress: (target, address) => policy.judgeAddress(target, address),
  };
}

/** Answers as scripted, and for the root's name servers as every resolver does. */
export const always =
  (answer: (name: string, type: string) => DnsAnswer) =>
  (name: string, type: string): DnsAnswer =>
    type === 'NS'
      ? { kind: 'records', records: [{ name: '', type: 'NS', value: 'a.root' }] }
      : name === 'ipv4only.arpa'
        ? { kind: 'code', code: 'NXDOMAIN' }
        : answer(name, type);
