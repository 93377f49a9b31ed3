/** Real Postgres. What decides: what each caller was told. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinDeployment } from './deployment.ts';
import { createOwnDatabase, execute, recordingLogger } from './own-database.fixture.ts';
import type { OwnDatabase } from './own-database.fixture.ts';

let database: OwnDatabase;
beforeEach(async () => {
  database = await createOwnDatabase();
  await execute(
    database.url,
    'create schema runlane; create table runlane.deployment (is_only boolean primary key default true, topic_prefix text)',
  );
});
afterEach(() => database[Symbol.asyncDispose]());

const join = (topicPrefix: string) =>
  joinDeployment({ databaseUrl: database.url, schema: 'runlane', topicPrefix, logger: recordingLogger().logger });

test('the first prefix stays: its own processes join, also many at once, and others are refused', async () => {
  await Promise.all(Array.from({ length: 5 }, () => join('')));
  await join('');
  await expect(join('b.')).rejects.toMatchObject({
    code: 'another_deployment',
    message: expect.stringMatching(/RUNLANE_TOPIC_PREFIX="", and here it is "b\.".*delete from runlane\.deployment;$/),
  });
});

test('a deployment that has moved says so by deleting the row', async () => {
  await join('a.');
  await execute(database.url, 'delete from runlane.deployment');
  await join('b.');
  await expect(join('a.')).rejects.toThrow('RUNLANE_TOPIC_PREFIX="b."');
});
