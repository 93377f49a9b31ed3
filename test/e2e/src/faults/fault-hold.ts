import { eventually } from '@runlane/testkit';
import pg from 'pg';
import type { World } from '../support/world.ts';

/** Where a statement of the service is held, as the event and timing of a trigger. */
export type HoldPoint =
  /** At the COMMIT of a transaction that did this to a row: it is durable only once the hold is released. */
  | { at: 'commit'; after: 'insert' | 'update'; of: string; when?: string }
  /** Before the statement does anything. */
  | { at: 'statement'; of: 'insert' | 'update'; on: string; when?: string };

/** Any numbers: nobody else in the world's database uses advisory locks of two keys. */
const HOLD_KEY = '4711, 1';
const AT_TRIGGER = `locktype = 'advisory' and classid = 4711`;
const AT_ROW = `locktype in ('transactionid', 'tuple')`;

/**
 * Holds the service at a point of its work: whatever reaches the point waits there until `release`, while its process can be
 * killed, frozen or cut off. The service does not notice: it waits for a lock of Postgres.
 */
export class Hold implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #waiters: string;
  readonly #letGo: string;
  #isHeld = true;

  private constructor(client: pg.Client, lock: string, letGo: string) {
    this.#client = client;
    // Worlds share a server, and its list of locks.
    this.#waiters = `select pid from pg_locks join pg_stat_activity using (pid)
                     where ${lock} and not granted and datname = current_database()`;
    this.#letGo = letGo;
  }

  /** The tables of the point must exist: some run-consumer has prepared the database. One per world. */
  static async at(world: World, point: HoldPoint): Promise<Hold> {
    const client = await connect(world);
    await client.query(`select pg_advisory_lock(${HOLD_KEY})`);
    await client.query(
      `create function pass_hold() returns trigger language plpgsql as
       $$ begin perform pg_advisory_xact_lock_shared(${HOLD_KEY}); return null; end $$`,
    );
    await client.query(triggerOf(point));
    return new Hold(client, AT_TRIGGER, `select pg_advisory_unlock(${HOLD_KEY})`);
  }

  /** Holds everything that needs the row of an existing thread: admissions to it and settlements of its runs. */
  static async atThread(world: World, threadId: string): Promise<Hold> {
    const client = await connect(world);
    await client.query('begin');
    const { rowCount } = await client.query('select from runlane.threads where thread_id = $1 for update', [threadId]);
    if (rowCount !== 1) throw new Error(`There is no thread ${threadId} to hold.`);
    return new Hold(client, AT_ROW, 'rollback');
  }

  /** Resolves when as many statements of the service wait at the point. */
  async reached(count = 1): Promise<void> {
    await eventually(async () => ((await this.#client.query(this.#waiters)).rowCount ?? 0) >= count, {
      what: `the service reached the point at which it is held (${count} times)`,
    });
  }

  /** Lets everything pass, now and later. */
  async release(): Promise<void> {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    await this.#client.query(this.#letGo);
  }

  /** Ends the transactions that wait at the point, as the loss of their server would, and lets later ones pass. */
  async rollBack(): Promise<void> {
    await this.#client.query(`select pg_terminate_backend(pid) from (${this.#waiters}) as waiting`);
    await this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

async function connect(world: World): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: world.databaseUrl, application_name: 'fault' });
  await client.connect();
  return client;
}

function triggerOf(point: HoldPoint): string {
  const when = point.when === undefined ? '' : `when (${point.when})`;
  if (point.at === 'statement') {
    return `create trigger hold before ${point.of} on ${point.on} for each statement ${when} execute function pass_hold()`;
  }
  return `create constraint trigger hold after ${point.after} on ${point.of} deferrable initially deferred
          for each row ${when} execute function pass_hold()`;
}
