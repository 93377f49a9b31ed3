/**
 * The limit of the webhook bench, as a process: kafkajs' eachBatch, each webhook signed twice and sent with undici, one insert
 * of a row per attempt for the batch, then the offset. It has no retries, no order, no fairness and no guard.
 *
 * usage: KAFKA_BROKERS=… DATABASE_URL=… TOPIC=… node limit-peer.ts, until it is killed
 */
import pg from 'pg';
import { rawKafka } from '../raw-kafka.ts';
import { eachOf, sendSigned } from './send-signed.ts';
import type { PeerEvent } from './send-signed.ts';
import { readFrom, setting } from './peer-topic.ts';

const AT_ONCE = 64;

const pool = new pg.Pool({ connectionString: setting('DATABASE_URL'), max: 10 });
await pool.query(
  `create table limit_attempts (event_id text, url text, body bytea, status integer, attempted_at timestamptz default now())`,
);

await readFrom(rawKafka(setting('KAFKA_BROKERS').split(','), 'limit-peer'), setting('TOPIC'), async (values) => {
  const rows: { event: PeerEvent; body: Buffer; status: number }[] = [];
  await eachOf(values, AT_ONCE, async (body) => {
    const event = JSON.parse(body.toString('utf8')) as PeerEvent;
    rows.push({ event, body, status: await sendSigned(event, body) });
  });
  await pool.query(
    `insert into limit_attempts (event_id, url, body, status)
     select * from unnest($1::text[], $2::text[], $3::bytea[], $4::integer[])`,
    [
      rows.map(({ event }) => event.event_id),
      rows.map(({ event }) => event.webhook),
      rows.map(({ body }) => body),
      rows.map(({ status }) => status),
    ],
  );
});
process.stdout.write(`${JSON.stringify({ msg: 'consumer.joined' })}\n`);
