/**
 * `npm start -- --external` and `npm run infra` work with a cluster that wants TLS and a login, by the same variables
 * as the services. Real: the broker with its listeners, the processes. Decides: a run that the command line publishes
 * with nothing but dev.env, and the message about a wrong password.
 */
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeLocalData, startSecuredKafka } from '@runlane/local';
import type { SecuredKafka } from '@runlane/local';
import { certificateMaker, createDatabase, runProgram } from '@runlane/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Start } from './start.fixture.ts';

const COMMAND_LINE = fileURLToPath(new URL('../../../../packages/cli/src/main.ts', import.meta.url));
const RUN_INFRA = new URL('../dev/run-infra.ts', import.meta.url).href;
const READY_MS = 120_000;

const directory = mkdtempSync(join(tmpdir(), 'runlane-external-'));
const path = (name: string) => join(directory, name);
const login = { username: 'developer', password: 'as-told' };
let kafka: SecuredKafka;
let environment: Record<string, string>;

beforeAll(async () => {
  using certificates = certificateMaker();
  const authority = certificates.issue({});
  const broker = certificates.issue({ issuer: authority, names: 'IP:127.0.0.1' });
  const key = createPrivateKey(broker.key).export({ type: 'pkcs8', format: 'pem' }).toString();
  kafka = await startSecuredKafka({
    dataDir: path('kafka'),
    login,
    certificate: { key, cert: broker.cert, clientAuthority: authority.cert },
  });
  writeFileSync(path('ca.crt'), authority.cert);
  writeFileSync(path('password'), `${login.password}\n`);
  writeFileSync(path('url'), await createDatabase(inject('databaseUrl')));
  environment = {
    KAFKA_BROKERS: kafka.sasl,
    KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
    KAFKA_SSL_CA_LOCATION: path('ca.crt'),
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: login.username,
    KAFKA_SASL_PASSWORD_FILE: path('password'),
    SCHEMA_REGISTRY_URL: inject('registryUrl'),
    DATABASE_URL_FILE: path('url'),
  };
});
afterAll(async () => {
  await kafka.stop();
  removeLocalData(path('kafka'));
  rmSync(directory, { recursive: true, force: true });
});

test('the demo runs on a cluster with TLS and a login, and another terminal needs only dev.env', async () => {
  await using start = new Start(directory, ['--external', '--no-demo'], environment);
  await start.shows(/^runlane ready$/, READY_MS);
  expect(start.output).not.toContain(login.password);

  const request = { thread_id: 'external', assistant_id: 'worker', input: { steps: 1, delay_ms: 0 } };
  // Without a variable of this process.
  const terminal = ['-i', process.execPath, `--env-file=${path('dev.env')}`, COMMAND_LINE];
  const published = await runProgram('env', [...terminal, 'publish', JSON.stringify(request), '--wait']);

  expect([published.code, published.output]).toEqual([0, expect.stringContaining('run.succeeded')]);
  expect(await start.stop()).toBe(0);
});

test('a wrong password is reported immediately, with its variable, and nothing is started', async () => {
  const wrong = { ...environment, KAFKA_SASL_PASSWORD_FILE: '', KAFKA_SASL_PASSWORD: 'wrong', DATABASE_URL: '' };
  const program = `
    import { runInfra } from ${JSON.stringify(RUN_INFRA)};
    process.exit(await runInfra([], { environment: process.env, stateDirectory: ${JSON.stringify(directory)} }));`;
  const { code, output } = await runProgram(process.execPath, ['--input-type=module', '-e', program], {
    environment: wrong,
  });
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/KAFKA_BROKERS=\S+ does not answer \(.*KAFKA_SASL_PASSWORD/),
  ]);
  expect(existsSync(path('dev.env'))).toBe(false);
});
