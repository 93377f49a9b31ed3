/**
 * Reads a `bytea[][]` as LangGraph's saver does: `node bytea-process.fixture.ts <url> <bytes>`. Prints how many bytes came
 * and by how much the process has grown at its largest.
 */
import { createLogger } from '@runlane/service-kit';
import { createPool } from './pool.ts';

const [url = '', bytes = '0'] = process.argv.slice(2);
const logger = createLogger({ service: 'reads', level: 'silent' });
const pool = createPool({ url, applicationName: 'reads', logger, max: 1 });
await pool.query('select 1');
const before = process.resourceUsage().maxRSS;
const startedAt = performance.now();
const { rows } = await pool.query<{ states: [Buffer, Buffer, Buffer][] }>(
  `select array_agg(array['text'::bytea, 'json'::bytea, convert_to(repeat('y', $1::int), 'UTF8')]) as states`,
  [bytes],
);
const read = rows[0]?.states[0]?.[2].length ?? 0;
const tookMs = performance.now() - startedAt;
const grownBytes = (process.resourceUsage().maxRSS - before) * 1024;
await pool.end();
process.stdout.write(JSON.stringify({ read, grownBytes, tookMs }));
