import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** A Postgres with pgvector, which the packaged servers lack: compiled for this process, on a free port. */
export class VectorDatabase implements AsyncDisposable {
  readonly url: string;
  readonly #server: PGLiteSocketServer;
  readonly #database: PGlite;

  private constructor(database: PGlite, server: PGLiteSocketServer) {
    this.#database = database;
    this.#server = server;
    this.url = `postgres://postgres@${server.getServerConn()}/postgres?sslmode=disable`;
  }

  static async start(): Promise<VectorDatabase> {
    const database = await PGlite.create({ extensions: { vector } });
    const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port: 0, maxConnections: 20 });
    await server.start();
    return new VectorDatabase(database, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await this.#database.close();
  }
}
