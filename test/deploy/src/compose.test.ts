/** The services accept the variables that compose.yaml gives them, and Prometheus beside them knows them all. */
import { readFileSync } from 'node:fs';
import { readConfig as readRunConsumer } from '@runlane/run-consumer/config';
import { readConfig as readDispatcher } from '@runlane/webhook-dispatcher/config';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

type Service = { image: string; command?: string[]; environment: Record<string, string> };

const text = readFileSync(new URL('../../../infra/docker/compose.yaml', import.meta.url), 'utf8');
const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };

/** As Compose does: what stands behind `:-`, where the shell has nothing. */
function environmentOf(name: string): Record<string, string> {
  const entries = Object.entries(services[name]?.environment ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]));
}

test('the services of compose.yaml start with its variables', () => {
  // The path of the graphs is the image's.
  const image = { LANGGRAPH_CONFIG: '/app/langgraph.json' };
  const dispatcher = readDispatcher({ ...image, ...environmentOf('webhook-dispatcher') });
  expect(dispatcher.RUNLANE_WEBHOOK_MASTER_KEY).toHaveLength(1);

  const runConsumer = readRunConsumer({ ...image, ...environmentOf('run-consumer') });
  expect(runConsumer.KAFKA_BROKERS).toEqual(['kafka:9092']);
  expect(runConsumer.RUNLANE_WEBHOOK_ALLOW).toEqual(['http://receiver:8080']);
  expect(dispatcher.RUNLANE_WEBHOOK_ALLOW).toEqual(runConsumer.RUNLANE_WEBHOOK_ALLOW);
});

test('Prometheus scrapes every service of compose.yaml that has metrics, at the port of the image', () => {
  const read = (path: string) => readFileSync(new URL(`../../../infra/${path}`, import.meta.url), 'utf8');
  const { scrape_configs: jobs } = parse(read('observability/prometheus/prometheus.yaml')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = jobs.flatMap(({ static_configs }) => static_configs.flatMap((config) => config.targets));
  const port = /HTTP_PORT=(\d+)/.exec(read('docker/Dockerfile'))?.[1];
  // Without a command it is run-consumer; the jobs and the receiver have none of our services.
  const ours = Object.entries(services).filter(
    ([, { image, command: [program = ''] = ['services/'] }]) =>
      image.startsWith('runlane') && program.startsWith('services/'),
  );
  expect(targets.toSorted()).toEqual(ours.map(([name]) => `${name}:${port}`).toSorted());
});
