/**
 * What a round asked of Postgres: statements, transactions that wrote, bytes of WAL, and the statements that took longest.
 * From `pg_stat_statements`, which the bench's own server loads; a given server without it has no such budget.
 */
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MOST_STATEMENTS = 12;
/** Long enough to tell the files apart, but for two that list assistants. */
const SHAPE_LENGTH = 160;

type Statement = { text: string; calls: number; ms: number };
type Seen = { statements: ReadonlyMap<string, Statement>; writes: number; walBytes: number };

export class DatabaseBudget {
  readonly #client: Client;
  #before: Seen | null = null;
  readonly #spent = new Map<string, Statement>();
  #writes = 0;
  #walBytes = 0;
  #runs = 0;

  private constructor(client: Client) {
    this.#client = client;
  }

  /**
   * @param client a connection to the database of the service
   * @returns null where the server does not count its statements
   */
  static async open(client: Client): Promise<DatabaseBudget | null> {
    const { rowCount } = await client.query(
      `select where current_setting('shared_preload_libraries') like '%pg_stat_statements%'`,
    );
    if (rowCount === 0) return null;
    // In a schema of its own, because the checkpoint tables are in `public`.
    await client.query('create schema if not exists bench');
    await client.query('create extension if not exists pg_stat_statements schema bench');
    return new DatabaseBudget(client);
  }

  async begin(): Promise<void> {
    this.#before = await this.#read();
  }

  /** @param runs that were completed since `begin` */
  async end(runs: number): Promise<void> {
    const before = this.#before;
    if (before === null) return;
    const now = await this.#read();
    this.#runs += runs;
    this.#writes += now.writes - before.writes;
    this.#walBytes += now.walBytes - before.walBytes;
    for (const [id, { text, calls, ms }] of now.statements) {
      const earlier = before.statements.get(id);
      const known = this.#spent.get(id);
      this.#spent.set(id, {
        text,
        calls: (known?.calls ?? 0) + calls - (earlier?.calls ?? 0),
        ms: (known?.ms ?? 0) + ms - (earlier?.ms ?? 0),
      });
    }
  }

  /** Leaves out what was counted so far, such as the warming up. */
  forget(): void {
    this.#spent.clear();
    this.#writes = 0;
    this.#walBytes = 0;
    this.#runs = 0;
  }

  /** How often the statements of these SQL files were executed per run. */
  callsPerRun(...files: string[]): number {
    const names = statementNames();
    const called = [...this.#spent.values()].filter(({ text }) => files.includes(names.get(shapeOf(text)) ?? ''));
    return called.reduce((sum, { calls }) => sum + calls, 0) / this.#runs;
  }

  get writesPerRun(): number {
    return this.#writes / this.#runs;
  }

  /** Lines of a table, per run: the sums, then the statements that took longest, by the names of their files. */
  summary(): string[] {
    if (this.#runs === 0) return [];
    const perRun = (value: number) => value / this.#runs;
    const names = statementNames();
    const statements = [...this.#spent.values()].filter(({ calls }) => calls > 0).toSorted((a, b) => b.ms - a.ms);
    const calls = statements.reduce((sum, statement) => sum + statement.calls, 0);
    const ms = statements.reduce((sum, statement) => sum + statement.ms, 0);
    return [
      'Postgres, per run',
      `  ${perRun(calls).toFixed(2)} statements, a round trip each; ${perRun(this.#writes).toFixed(2)} transactions that write; ` +
        `${(perRun(this.#walBytes) / 1_024).toFixed(1)} KiB of WAL; ${perRun(ms).toFixed(2)} ms in statements, of it`,
      ...statements
        .slice(0, MOST_STATEMENTS)
        .map(
          (statement) =>
            `  ${perRun(statement.ms).toFixed(2).padStart(6)} ms in ${perRun(statement.calls).toFixed(2)}  ` +
            (names.get(shapeOf(statement.text)) ?? statement.text.replaceAll(/\s+/g, ' ').slice(0, 60)),
        ),
    ];
  }

  async #read(): Promise<Seen> {
    const { rows: statements } = await this.#client.query<{ id: string; text: string; calls: number; ms: number }>(
      `select queryid::text as id, min(query) as text, sum(calls)::float8 as calls, sum(total_exec_time) as ms
       from bench.pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database())
         and query not like '%pg_stat_statements%'
       group by queryid`,
    );
    const { rows: marks } = await this.#client.query<{ writes: number; wal_bytes: number }>(
      `select pg_snapshot_xmax(pg_current_snapshot())::text::float8 as writes,
         pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as wal_bytes`,
    );
    return {
      statements: new Map(statements.map((row) => [row.id, row])),
      writes: marks[0]?.writes ?? 0,
      walBytes: marks[0]?.wal_bytes ?? 0,
    };
  }
}

/** The name of every SQL file of the services and packages, by the shape of its statement. */
function statementNames(): Map<string, string> {
  const files = globSync('{services,packages}/*/src/**/*.sql', { cwd: ROOT });
  return new Map(files.map((file) => [shapeOf(readFileSync(join(ROOT, file), 'utf8')), basename(file, '.sql')]));
}

/**
 * What the beginning of a statement's text has in common with that of the text which Postgres keeps of it: everything but
 * comments, parameters, constants and blanks.
 */
function shapeOf(text: string): string {
  return text
    .replaceAll(/--[^\n]*/g, '')
    .replaceAll(/'[^']*'|\$\w+|\b\d+(?:\.\d+)?\b|\b(?:null|true|false)\b/g, '?')
    .replaceAll(/(?::schema|"public")\./g, '')
    .replaceAll(/\s+/g, '')
    .toLowerCase()
    .slice(0, SHAPE_LENGTH);
}
