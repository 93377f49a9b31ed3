import pg from 'pg';

/** A Postgres URL, or a function that tells the one of this moment: asked for each new connection, as a password may change. */
export type DatabaseUrl = string | (() => string);

export function currentUrl(url: DatabaseUrl): string {
  return typeof url === 'string' ? url : url();
}

/** The driver's client for a pool whose URL may change: what is given here wins over what the pool was made with. */
export function clientAt(url: DatabaseUrl): typeof pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super({ ...config, connectionString: currentUrl(url) });
    }
  };
}
