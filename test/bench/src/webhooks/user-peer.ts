/**
 * What a user would write, as a process: kafkajs' eachBatch puts a job per event into pg-boss; its workers sign each webhook
 * twice, send it with undici, and write a row per attempt. pg-boss tries it again when that fails.
 *
 * usage: KAFKA_BROKERS=… DATABASE_URL=… TOPIC=… node user-peer.ts, until it is killed
 */
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { rawKafka } from '../raw-kafka.ts';
import { readFrom, setting } from './peer-topic.ts';
import { eachOf, sendSigned } from './send-signed.ts';
import type { PeerEvent } from './send-signed.ts';

const QUEUE = 'webhooks';
/** A worker fetches at most every half second, which is the shortest that pg-boss knows: so it fetches many. */
const WORKERS = 4;
const WORK = { batchSize: 500, pollingIntervalSeconds: 0.5 };
const AT_ONCE_PER_WORKER = 16;

type Job = { event: PeerEvent; body: string };

const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: 10 });
await pool.query(`create table user_attempts (event_id text, status integer, attempted_at timestamptz default now())`);
const boss = new PgBoss(setting('DATABASE_URL'));
boss.on('error', (error: unknown) => process.stderr.write(`${String(error)}\n`));
await boss.start();
await boss.createQueue(QUEUE, { retryLimit: 8, retryBackoff: true });
for (let worker = 0; worker < WORKERS; worker += 1) {
  await boss.work<Job>(QUEUE, WORK, (jobs) =>
    eachOf(jobs, AT_ONCE_PER_WORKER, async ({ data: { event, body } }) => {
      const status = await sendSigned(event, Buffer.from(body));
      await pool.query('insert into user_attempts (event_id, status) values ($1, $2)', [event.event_id, status]);
    }),
  );
}

await readFrom(rawKafka(setting('KAFKA_BROKERS').split(','), 'user-peer'), setting('TOPIC'), async (values) => {
  await boss.insert(
    QUEUE,
    values.map((value) => {
      const body = value.toString('utf8');
      return { data: { event: JSON.parse(body) as PeerEvent, body } };
    }),
  );
});
process.stdout.write(`${JSON.stringify({ msg: 'consumer.joined' })}\n`);
