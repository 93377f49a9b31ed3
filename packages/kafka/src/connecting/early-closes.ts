import type { Socket } from 'node:net';
import type { AccessAlarm } from '@runlane/service-kit';

/** Events in the life of one socket. */
export type SocketLife = { answered(): void; closedByPeer(): void };

/** Sockets closed early in a row after which the listener is taken to want another protocol. */
const SUSPICIOUS = 5;

/** A listener that wants SASL answers the first question, which versions it speaks, and nothing before a login. */
const ANSWERS_WITHOUT_LOGIN = 1;

const ADVICE =
  'Its listener may want TLS or SASL, or the address may not be that of a Kafka broker: look at KAFKA_BROKERS, ' +
  'KAFKA_SECURITY_PROTOCOL and KAFKA_SASL_MECHANISM.';

/**
 * Brokers close a connection with the wrong protocol silently. Every socket of a connection reports its life here; when one
 * after the other is closed early and none continues, that is logged.
 */
export function createEarlyCloseWatch(access: AccessAlarm): (broker: string) => SocketLife {
  const closesInARow = new Map<string, number>();
  return (broker) => {
    const who = `this service at ${broker}`;
    let answers = 0;
    return {
      answered: () => {
        answers += 1;
        if (answers <= ANSWERS_WITHOUT_LOGIN) return;
        closesInARow.delete(broker);
        access.granted(who);
      },
      closedByPeer: () => {
        if (answers > ANSWERS_WITHOUT_LOGIN) return;
        const count = (closesInARow.get(broker) ?? 0) + 1;
        closesInARow.set(broker, count);
        if (count < SUSPICIOUS) return;
        access.refused(who, `it closed ${SUSPICIOUS} connections in a row before it answered a request.`, ADVICE);
      },
    };
  };
}

/** Reports the life of a socket, as long as the listener of the library that ends our side was not there before. */
export function followSocket(socket: Socket, life: SocketLife): void {
  // Only the first two pieces are observed: a fetch comes in thousands.
  socket.once('data', () => {
    life.answered();
    socket.once('data', () => life.answered());
  });
  // This listener runs before the library ends its side; sockets that this process ends or cuts say nothing about the broker.
  socket.once('end', () => {
    if (!socket.destroyed && !socket.writableEnded) life.closedByPeer();
  });
  socket.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET' || error.code === 'EPIPE') life.closedByPeer();
  });
}
