import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A proxy between a service and a server that can cut the service off; the server goes on with what it has received. */
export class Proxy implements AsyncDisposable {
  readonly #server = createServer((client) => this.#join(client));
  readonly #clients = new Set<Socket>();
  readonly #upstreams = new Set<Socket>();
  readonly #target: URL;

  private constructor(target: URL) {
    this.#target = target;
  }

  static async before(url: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(url));
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  /** The address of the server, by way of the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Resets all connections to the service. Their other ends stay, so that the server notices nothing. */
  cut(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    for (const upstream of this.#upstreams) upstream.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    this.#clients.add(client);
    this.#upstreams.add(upstream);
    client.on('data', (bytes) => upstream.write(bytes));
    client.on('end', () => upstream.end());
    client.on('close', () => this.#clients.delete(client));
    upstream.on('data', (bytes) => client.writable && client.write(bytes));
    upstream.on('end', () => client.end());
    upstream.on('close', () => this.#upstreams.delete(upstream));
    // A connection that breaks on one side is an end on the other, which is what the proxy is for.
    client.on('error', () => this.#clients.delete(client));
    upstream.on('error', () => client.destroy());
  }
}
