import { RunlaneError } from '@runlane/service-kit';
import pg from 'pg';

/** A Postgres URL, or a function that tells the one of this moment: asked for each new connection, as a password may change. */
export type DatabaseUrl = string | (() => string);

/**
 * Thrown, or what a connection fails with, when the URL of this moment makes none: it is no URL, or it names a file that cannot be read.
 * It never holds the URL, which is a secret.
 */
export class UnusableUrl extends RunlaneError {
  override readonly name = 'UnusableUrl';

  constructor(cause: unknown) {
    const isNoUrl = cause instanceof Error && 'code' in cause && cause.code === 'ERR_INVALID_URL';
    const why = isNoUrl ? 'it is no URL' : cause instanceof Error ? cause.message : String(cause);
    super({ code: 'database_url_unusable', message: `DATABASE_URL cannot be used as it is now: ${why}` });
  }
}

/** The URL of this moment. Thrown: UnusableUrl. */
export function currentUrl(url: DatabaseUrl): string {
  if (typeof url === 'string') return url;
  try {
    const text = url();
    void new URL(text);
    return text;
  } catch (error) {
    throw new UnusableUrl(error);
  }
}

/** The driver's client, which reads the files that the URL names. Thrown: UnusableUrl. */
export function createClient(config: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(config);
  } catch (error) {
    throw new UnusableUrl(error);
  }
}

/** Told of what a server answers instead of a result, and of connections that cannot be made. */
export type OnError = (error: unknown) => void;

/**
 * The driver's client for a pool whose URL may change: what is given here wins over what the pool was made with. With a URL that cannot be
 * used it is made, and does not connect: pools make clients where nobody could catch what is thrown.
 */
export function clientAt(url: DatabaseUrl, onError?: OnError): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      try {
        super({ ...config, connectionString: currentUrl(url) });
      } catch (error) {
        super({});
        const unusable = error instanceof UnusableUrl ? error : new UnusableUrl(error);
        onError?.(unusable);
        refuseToConnect(this, unusable);
        return;
      }
      if (onError === undefined) return;
      // Below the calls, so that code that is not ours is heard too, and results cost nothing.
      this.connection.on('errorMessage', onError);
      this.connection.on('error', onError);
    }
  };
}

function refuseToConnect(client: pg.Client, error: UnusableUrl): void {
  const connect = (done?: (error: Error) => void): Promise<void> | undefined => {
    if (done === undefined) return Promise.reject(error);
    process.nextTick(done, error);
    return undefined;
  };
  Object.assign(client, { connect });
}

/** The same for a library that gives a connection back to its pool after whatever came of it: one that was not answered in time ends. */
export function lentClientAt(url: DatabaseUrl, onError?: OnError): typeof pg.Client {
  return class extends clientAt(url, onError) {
    constructor(config?: pg.ClientConfig) {
      super(config);
      endUnanswered(this);
    }
  };
}

function endUnanswered(client: pg.Client): void {
  const query: unknown = Reflect.get(client, 'query');
  if (typeof query !== 'function') throw new TypeError('This version of pg has another client: adapt endUnanswered.');
  const ending = (...given: unknown[]): unknown => {
    const result: unknown = Reflect.apply(query, client, given);
    if (result instanceof Promise) {
      result.catch((error: unknown) => {
        if (error instanceof Error && error.message === 'Query read timeout') void client.end();
      });
    }
    return result;
  };
  Object.assign(client, { query: ending });
}
