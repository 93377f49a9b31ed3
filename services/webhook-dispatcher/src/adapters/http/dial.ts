import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { canonicalAddress } from '@runlane/webhooks';
import { AttemptFault, errorCode } from './attempt-fault.ts';
import type { AddressSlot, AddressSlots } from './address-slots.ts';

/** Opens a TCP connection to an address; tests put a recorder in its place. */
export type Dial = (address: string, port: number) => Socket;

export const dialAddress: Dial = (address, port) => connect({ host: address, port, noDelay: true });

/** Head start of an address before the next one is dialled beside it, in milliseconds (RFC 8305). */
const STAGGER_MS = 250;

/** Resources that the machine lacks, and what it forbids; the receiver is not the cause. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);
const OWN_FAULTS = new Set([...EXHAUSTED, 'EADDRNOTAVAIL', 'EACCES', 'EPERM']);

export type Dialled = { socket: Socket; slot: AddressSlot };

/**
 * Connects to the first address that answers: each has a head start over the next. Addresses without a free slot are
 * left out; every connection that loses is destroyed.
 *
 * @param first slot of the address to begin with
 * Thrown: AttemptFault; all slots are free again then.
 */
export async function dialFirst(
  addresses: readonly string[],
  port: number,
  { first, slots, dial, signal }: { first: AddressSlot; slots: AddressSlots; dial: Dial; signal: AbortSignal },
): Promise<Dialled> {
  const queue = [first.address, ...addresses.filter((address) => address !== first.address)];
  const dialled = new Set<Dialled>();
  const errors: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
  let timer: NodeJS.Timeout | undefined;

  const dialNext = (): void => {
    clearTimeout(timer);
    for (let address = queue.shift(); address !== undefined; address = queue.shift()) {
      const slot = address === first.address ? first : slots.tryAcquire(address);
      if (slot === null) continue;
      follow({ socket: dial(address, port), slot });
      if (queue.length > 0) timer = setTimeout(dialNext, STAGGER_MS);
      return;
    }
    if (dialled.size === 0) reject(faultOf(errors));
  };
  const follow = (candidate: Dialled): void => {
    dialled.add(candidate);
    candidate.socket.once('connect', () => resolve(candidate));
    candidate.socket.once('error', (error) => {
      errors.push(error);
      dialled.delete(candidate);
      candidate.slot.release();
      dialNext();
    });
  };
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  let winner: Dialled | null = null;
  try {
    signal.throwIfAborted();
    dialNext();
    winner = await promise;
    assertPeer(winner);
    return winner;
  } catch (error) {
    winner = null;
    // A slot that was not dialled is given back here.
    first.release();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    queue.length = 0;
    winner?.socket.removeAllListeners('error');
    for (const candidate of dialled) if (candidate !== winner) abandon(candidate);
  }
}

/** The last check before a byte is sent: the peer is the address that was checked. */
function assertPeer({ socket, slot }: Dialled): void {
  const peer = canonicalAddress(socket.remoteAddress ?? '');
  if (peer !== null && peer === canonicalAddress(slot.address)) return;
  throw new AttemptFault({
    kind: 'blocked',
    code: 'peer_mismatch',
    message: `The connection to ${slot.address} reached ${socket.remoteAddress ?? 'no address'}.`,
  });
}

function abandon({ socket, slot }: Dialled): void {
  slot.release();
  socket.removeAllListeners('error');
  // It can still fail while it closes, and an error without a listener would end the process.
  socket.on('error', () => socket.destroy());
  socket.destroy();
}

function faultOf(errors: readonly unknown[]): AttemptFault {
  const codes = [...new Set(errors.map((error) => errorCode(error) || 'EUNKNOWN'))];
  const own = codes.find((code) => OWN_FAULTS.has(code));
  return own === undefined
    ? new AttemptFault({
        kind: 'failed',
        class: 'connect',
        message: `No address accepts connections (${codes.join(', ')}).`,
      })
    : new AttemptFault({
        kind: 'infrastructure',
        message: `This machine cannot connect (${own}).`,
        ...(EXHAUSTED.has(own) ? { isEverywhere: true } : {}),
      });
}
