/**
 * Purpose   Tells of a database that refuses this process: its login, a certificate, a grant. That is no outage: it lasts until
 *           somebody acts, so it is said loudly, once a minute, and the process is not ready.
 * Learns    From every answer that a pool with `onRefused` gets, whoever asked, and by a look of its own: at the start, and
 *           every few seconds while something is refused. So a steady process pays nothing.
 * Ends      A refused connection with the next one that is let in; a lacking grant when none is lacking any more. Of another
 *           refusal, such as that of a policy for rows, only those who asked know: it ends when nobody was refused for a minute.
 * I11       Nothing is ended and nothing is thrown: the work waits, and goes on by itself.
 */
import { createAccessAlarm } from '@runlane/service-kit';
import type { AccessAlarm, Logger } from '@runlane/service-kit';
import { openConnection } from '../dedicated-connection.ts';
import { currentUrl } from '../database-url.ts';
import type { DatabaseUrl } from '../database-url.ts';
import { describeLacking, listLacking } from './lacking-grants.ts';
import type { LackingGrant, NeededGrants } from './lacking-grants.ts';
import { refusalIn } from './refusal.ts';
import type { Refusal } from './refusal.ts';

export type DatabaseAccessOptions = {
  url: DatabaseUrl;
  /** What the process needs; what does not exist yet is not looked at. */
  needs: readonly NeededGrants[];
  logger: Logger;
  /** Milliseconds between two looks while something is refused. Default 2 000. */
  everyMs?: number;
  monotonicMs?: () => number;
};

const LOOK_EVERY_MS = 2_000;
const ANSWER_MS = 5_000;
/** Whoever works tries again much sooner. */
const FORGOTTEN_MS = 60_000;
const WHO = 'this process';

export class DatabaseAccess {
  readonly #options: DatabaseAccessOptions;
  readonly #alarm: AccessAlarm;
  readonly #monotonicMs: () => number;
  #last: (Refusal & { atMs: number }) | null = null;
  #lacking: LackingGrant[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: DatabaseAccessOptions) {
    this.#options = options;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#alarm = createAccessAlarm(options.logger, { name: 'Postgres', event: 'database' });
  }

  /** What is refused and what to change; empty while nothing is. */
  refusals(): readonly string[] {
    return this.#alarm.list();
  }

  /** Notes an error, if it is a refusal. `advice`: what to change, instead of the usual. */
  readonly note = (error: unknown, advice?: string): void => {
    const refusal = refusalIn(error);
    if (refusal !== null) this.refused(advice === undefined ? refusal : { ...refusal, advice });
  };

  /** Notes a refusal, also one that another thread met. */
  refused(refusal: Refusal): void {
    if (this.#isClosed) return;
    this.#last = { ...refusal, atMs: this.#monotonicMs() };
    this.#tell();
    this.#lookLater();
  }

  /** Notes that what was refused has succeeded. */
  granted(): void {
    if (this.#last === null) return;
    this.#last = null;
    this.#tell();
  }

  /** Looks whether something is lacking. Never rejects: that the database is away, others say. */
  async look(): Promise<void> {
    const { url, needs, logger } = this.#options;
    const beganAtMs = this.#monotonicMs();
    try {
      const config = {
        connectionString: currentUrl(url),
        application_name: 'runlane access',
        query_timeout: ANSWER_MS,
      };
      await using connection = await openConnection(config, logger);
      this.#found(await listLacking(connection.client, needs), beganAtMs);
    } catch (error) {
      logger.debug({ err: error }, 'database.access_not_looked_at');
      this.note(error);
    }
    this.#tell();
    this.#lookLater();
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #found(lacking: LackingGrant[], beganAtMs: number): void {
    const wasLacking = this.#lacking.length > 0;
    this.#lacking = lacking;
    if (this.#last === null || this.#last.atMs > beganAtMs || lacking.length > 0) return;
    const isForgotten = this.#monotonicMs() - this.#last.atMs > FORGOTTEN_MS;
    if (wasLacking || this.#last.isConnection || isForgotten) this.#last = null;
  }

  #tell(): void {
    if (this.#isClosed) return;
    const lacking = this.#lacking.length === 0 ? null : describeLacking(this.#lacking);
    if (this.#last === null) {
      if (lacking === null) this.#alarm.granted(WHO);
      else this.#alarm.refused(WHO, lacking);
      return;
    }
    const answer = `${this.#last.message.replace(/\.$/, '')}.`;
    this.#alarm.refused(WHO, answer, this.#last.isConnection ? this.#last.advice : (lacking ?? this.#last.advice));
  }

  #lookLater(): void {
    if (this.#isClosed || this.#timer !== null || (this.#last === null && this.#lacking.length === 0)) return;
    const look = (): void => {
      this.#timer = null;
      void this.look();
    };
    this.#timer = setTimeout(look, this.#options.everyMs ?? LOOK_EVERY_MS).unref();
  }
}
