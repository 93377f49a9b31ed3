import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/**
 * A proxy between a service and a server, for the faults of a network: connections that are reset, that are slow, that only one
 * end believes in, and whose answers get lost. The server goes on with what it has received.
 */
export class Proxy implements AsyncDisposable {
  /** Connections that were ever made. */
  connectionCount = 0;
  readonly #server = createServer((client) => this.#join(client));
  readonly #clients = new Set<Socket>();
  readonly #upstreams = new Set<Socket>();
  /** Each way of each connection. */
  readonly #ways = new Set<Way>();
  readonly #target: URL;
  #delayMs = 0;
  #losesAnswers = false;
  #isRefusing = false;

  private constructor(target: URL) {
    this.#target = target;
  }

  /** @param url of any scheme, with the host and the port of the server */
  static async before(url: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(url));
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  /** The address of the server, by way of the proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resets all connections to the service. Their other ends stay, so that the server notices nothing. */
  cut(): void {
    for (const client of this.#clients) client.resetAndDestroy();
  }

  /** Everything takes so much longer each way, until it is called with 0. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /**
   * The server's ends of all connections go, and the service's ends stay: nothing that it sends arrives, and no answer comes.
   * New connections are as usual. Returns a function that resets the ends that were left.
   */
  strand(): () => void {
    const stranded = [...this.#clients];
    for (const way of this.#ways) way.close();
    for (const upstream of this.#upstreams) upstream.destroy();
    return () => {
      for (const client of stranded) client.resetAndDestroy();
    };
  }

  /** While true, what the service sends arrives, and its connection is reset in place of the answer. */
  loseAnswers(isLosing: boolean): void {
    this.#losesAnswers = isLosing;
  }

  /** While true, nobody is connected. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
    if (isRefusing) this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    for (const upstream of this.#upstreams) upstream.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (this.#isRefusing) {
      client.resetAndDestroy();
      return;
    }
    this.connectionCount += 1;
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    const there = new Way(() => this.#delayMs);
    const back = new Way(() => this.#delayMs);
    this.#ways.add(there).add(back);
    this.#clients.add(client);
    this.#upstreams.add(upstream);
    client.on('data', (bytes) => there.pass(() => upstream.writable && upstream.write(bytes)));
    client.on('end', () => there.pass(() => upstream.end()));
    client.on('close', () => {
      this.#clients.delete(client);
      this.#ways.delete(there);
      this.#ways.delete(back);
    });
    upstream.on('data', (bytes) => {
      if (this.#losesAnswers) client.resetAndDestroy();
      else back.pass(() => client.writable && client.write(bytes));
    });
    upstream.on('end', () => back.pass(() => client.end()));
    upstream.on('close', () => this.#upstreams.delete(upstream));
    // A connection that breaks on one side is an end on the other, which is what the proxy is for.
    client.on('error', () => this.#clients.delete(client));
    upstream.on('error', () => back.pass(() => client.destroy()));
  }
}

/** One way of a connection: what is passed comes in order, each after the delay of its time, until the way is closed. */
class Way {
  readonly #delayMs: () => number;
  readonly #waiting: { dueMs: number; work: () => void }[] = [];
  #isClosed = false;

  constructor(delayMs: () => number) {
    this.#delayMs = delayMs;
  }

  pass(work: () => void): void {
    if (this.#isClosed) return;
    const delayMs = this.#delayMs();
    if (delayMs === 0 && this.#waiting.length === 0) return work();
    this.#waiting.push({ dueMs: performance.now() + delayMs, work });
    if (this.#waiting.length === 1) this.#waitForFirst();
  }

  close(): void {
    this.#isClosed = true;
  }

  #waitForFirst(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    setTimeout(
      () => {
        if (!this.#isClosed) first.work();
        this.#waiting.shift();
        this.#waitForFirst();
      },
      Math.max(0, first.dueMs - performance.now()),
    );
  }
}
