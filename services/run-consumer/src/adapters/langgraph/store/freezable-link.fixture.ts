import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A link to a database that can be frozen: then nothing arrives over it any more, as from a frozen server. */
export class FreezableLink implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isFrozen = false;

  private constructor(server: Server, databaseUrl: string) {
    this.#server = server;
    const url = new URL(databaseUrl);
    const [host, port] = [url.hostname, Number(url.port)];
    server.on('connection', (near) => this.#carry(near, connect(port, host)));
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    this.url = url.href;
  }

  static async to(databaseUrl: string): Promise<FreezableLink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FreezableLink(server, databaseUrl);
  }

  #carry(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
      socket.pipe(other);
      if (this.#isFrozen) silence(socket, other);
    }
  }

  /** Connections stay open, and new ones are accepted, but no byte arrives over them. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  /** Earlier connections stay frozen. */
  thawForNewOnes(): void {
    this.#isFrozen = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function silence(socket: Socket, other: Socket): void {
  socket.unpipe(other);
  socket.pause();
}
