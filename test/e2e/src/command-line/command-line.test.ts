/**
 * An operator starts, answers, stops and watches runs from a shell. Real: the command line as a process, Kafka,
 * registry, Postgres, run-consumer and its graphs. Decides: exit codes, and what is printed.
 */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { processShellOf, shellOf } from '../support/shell.ts';
import type { Shell } from '../support/shell.ts';
import { World } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'runlane-command-line-'));
let world: World;
let runlane: Shell;

beforeAll(async () => {
  const registryUrl = inject('registryUrl');
  world = await World.create({ brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl'), registryUrl });
  await world.registerContracts();
  runlane = processShellOf(world, { SCHEMA_REGISTRY_URL: registryUrl });
  await world.runConsumer().ready();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test('publish prints where the request lies, and with --wait how the run ended; watch shows its events', async () => {
  const request = { thread_id: randomUUID(), assistant_id: 'lane', input: { label: 'a', ms: 0 } };
  const { code, lines } = await runlane(['publish', JSON.stringify(request), '--wait']);
  expect([code, lines]).toEqual([
    0,
    [
      {
        run_id: expect.any(String),
        thread_id: request.thread_id,
        topic: world.topics.requests,
        partition: expect.any(Number),
        offset: expect.any(String),
      },
      expect.objectContaining({ type: 'run.succeeded', run_id: lines[0]?.['run_id'] }),
    ],
  ]);
  const watched = await runlane(['watch', '--run', String(lines[0]?.['run_id'])]);
  expect(watched.lines.map(({ type }) => type)).toEqual(['run.pending', 'run.running', 'run.succeeded']);
});

test('a paused thread is answered, by JSON from standard input', async () => {
  const thread_id = randomUUID();
  const file = join(folder, 'request.json');
  writeFileSync(file, JSON.stringify({ thread_id, assistant_id: 'pause', input: { labels: [] } }));
  const paused = await runlane(['publish', `@${file}`, '--wait']);
  expect([paused.code, paused.lines[1]?.['type']]).toEqual([0, 'run.paused']);
  const answered = await runlane(['resume', thread_id, 'pause', '-', '--wait'], '"yes"');
  expect([answered.code, answered.lines[1]?.['type']]).toEqual([0, 'run.succeeded']);
});

test('a thread is cancelled, and a run that did not succeed is an exit code', async () => {
  const thread_id = randomUUID();
  const request = { thread_id, assistant_id: 'gate', input: { gate: world.gate().file } };
  const waiting = runlane(['publish', JSON.stringify(request), '--wait']);
  const watched = await runlane([
    'watch',
    '--thread',
    thread_id,
    '--assistant',
    'gate',
    '--from',
    'earliest',
    '--type',
    'run.running',
    '--limit',
    '1',
  ]);
  expect(watched.lines).toMatchObject([{ type: 'run.running', thread_id }]);
  expect(await runlane(['cancel', '--thread', thread_id])).toMatchObject({
    code: 0,
    lines: [{ topic: world.topics.requests }],
  });
  const { code, output, lines } = await waiting;
  expect([code, lines[1]?.['type']]).toEqual([1, 'run.interrupted']);
  expect(output).toMatch(/the run ended with run\.interrupted/);
});

test.each([
  [['publish', '{"assistant_id":'], /the request is not JSON/],
  [['publish', '{"assistant_id":"lane","threadId":"t"}'], /"threadId" \(did you mean thread_id\?\)/],
  [['publish', '[]'], /^runlane: RunCreate: is a list/],
  [['resume', 't', 'lane', 'null'], /the answer is null, which interrupt\(\) cannot return/],
  [['watch', '--type', 'run.ended'], /'run\.ended' is invalid\. Allowed choices are run\.pending,/],
  [['publish', '@not-there.json'], /not-there\.json cannot be read/],
  [['cancel'], /run_id: is missing, and so is thread_id/],
  [['watch', '--from', 'yesterday'], /--from yesterday is no time/],
])('%j is refused with what to change', async (args, message) => {
  const { code, output } = await shellOf(world)(args);
  expect([code, output]).toEqual([1, expect.stringMatching(message)]);
  expect(output).not.toMatch(/^ +at /m);
});
