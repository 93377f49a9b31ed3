import pg from 'pg';

/** A Postgres URL, or a function that tells the one of this moment: asked for each new connection, as a password may change. */
export type DatabaseUrl = string | (() => string);

export function currentUrl(url: DatabaseUrl): string {
  return typeof url === 'string' ? url : url();
}

/** Told of what a server answers instead of a result, and of connections that cannot be made. */
export type OnError = (error: unknown) => void;

/** The driver's client for a pool whose URL may change: what is given here wins over what the pool was made with. */
export function clientAt(url: DatabaseUrl, onError?: OnError): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, connectionString: currentUrl(url) });
      if (onError === undefined) return;
      // Below the calls, so that code that is not ours is heard too, and results cost nothing.
      this.connection.on('errorMessage', onError);
      this.connection.on('error', onError);
    }
  };
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
