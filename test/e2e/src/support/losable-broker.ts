import { createPrivateKey, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLocalData, startSecuredKafka } from '@runlane/local';
import type { SecuredKafka } from '@runlane/local';
import { certificateMaker } from '@runlane/testkit';

const LOGIN = { username: 'application', password: 'as-told' };

/** A broker with TLS and a login, which programs in other languages may kill and start again: POST to `/kill` and `/restart`. */
export class LosableBroker implements AsyncDisposable {
  readonly #dataDir: string;
  readonly #broker: SecuredKafka;
  readonly #authority: string;
  readonly #control: Server;

  private constructor(dataDir: string, broker: SecuredKafka, authority: string) {
    this.#dataDir = dataDir;
    this.#broker = broker;
    this.#authority = authority;
    const orders: Record<string, () => Promise<void>> = {
      '/kill': () => broker.kill(),
      '/restart': () => broker.restart(),
    };
    this.#control = createServer((request, response) => {
      const order = orders[request.url ?? ''];
      if (order === undefined) {
        response.writeHead(404).end();
        return;
      }
      order().then(
        () => response.writeHead(204).end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    }).listen(0, '127.0.0.1');
  }

  static async start(): Promise<LosableBroker> {
    using certificates = certificateMaker();
    const issuer = certificates.issue({});
    const { cert, key } = certificates.issue({ issuer, names: 'DNS:localhost,IP:127.0.0.1' });
    // Keys of PEM stores are PKCS #8.
    const pkcs8 = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' });
    const certificate = { cert, key: String(pkcs8), clientAuthority: issuer.cert };
    const dataDir = join(tmpdir(), `runlane-losable-${randomUUID()}`);
    const broker = await startSecuredKafka({ dataDir, login: LOGIN, certificate });
    const losable = new LosableBroker(dataDir, broker, issuer.cert);
    await once(losable.#control, 'listening');
    return losable;
  }

  /** What a program needs: addresses, settings of librdkafka for the secured one, and the URL for orders. */
  get told(): object {
    const { port } = this.#control.address() as AddressInfo;
    return {
      brokers: this.#broker.brokers,
      secured: [this.#broker.sasl],
      login: {
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'SCRAM-SHA-512',
        'sasl.username': LOGIN.username,
        'sasl.password': LOGIN.password,
        'ssl.ca.pem': this.#authority,
      },
      control: `http://127.0.0.1:${port}`,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.close();
    this.#control.closeAllConnections();
    await this.#broker.stop();
    removeLocalData(this.#dataDir);
  }
}
