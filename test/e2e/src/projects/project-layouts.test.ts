/**
 * Whole layouts of projects give what the command line of tsx gives in the folder of the graph's package, also when
 * they are folders of one project.
 * Real: Kafka, Postgres, the process, project folders, tsx as a process of its own. Decides: both outputs are equal.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { EventCollector } from '@runlane/testkit';
import { ProjectFolders } from '../support/project-folder.ts';
import { World, runCreate } from '../support/world.ts';
import { LAYOUTS } from './layouts.fixture.ts';

const TSX = fileURLToPath(import.meta.resolve('tsx/cli'));
const folders = new ProjectFolders();
afterAll(() => folders[Symbol.dispose]());

/** Those whose langgraph.json is in their own folder; the others are folders of one large project. */
const ALONE = new Set(['decorators, fields and JSX by the tsconfig', 'packages of a workspace, linked by npm']);

/** `spec` as in a langgraph.json, `folder` that of its package. */
type Graph = { id: string; spec: string; folder: string };
type Served = { graphs: Graph[]; world: World; events: EventCollector };

const served = new Map<string, Served>();
const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

beforeAll(async () => {
  const together: [string, Graph[]][] = [];
  for (const [name, layout] of Object.entries(LAYOUTS)) {
    const { files, manager, at = '.', packages = {} } = layout;
    const root = manager === undefined ? folders.create(files) : await folders.createWith(manager, files);
    const directory = join(root, at);
    const graphs = Object.entries(layout.graphs).map(([graphId, spec]) => ({
      id: `${graphId}-${randomUUID()}`,
      spec: join(directory, spec),
      folder: join(directory, packages[graphId] ?? '.'),
    }));
    if (ALONE.has(name)) served.set(name, { graphs, ...(await serve(directory, graphs)) });
    else together.push([name, graphs]);
  }
  const all = await serve(
    folders.parent(),
    together.flatMap(([, graphs]) => graphs),
  );
  for (const [name, graphs] of together) served.set(name, { graphs, ...all });
});

async function serve(directory: string, graphs: Graph[]): Promise<{ world: World; events: EventCollector }> {
  const file = join(directory, 'langgraph.json');
  writeFileSync(file, JSON.stringify({ graphs: Object.fromEntries(graphs.map(({ id, spec }) => [id, spec])) }));
  const servers = { brokers: inject('kafkaBrokers'), databaseUrl: inject('databaseUrl') };
  const world = resources.use(await World.create(servers));
  await world.runConsumer({ LANGGRAPH_CONFIG: file }).ready();
  return { world, events: await world.collectEvents() };
}

test.concurrent.each(Object.keys(LAYOUTS))('%s', async (name) => {
  const layout = served.get(name);
  if (layout === undefined) throw new Error(`The layout is not served: ${name}`);
  const { graphs, world, events } = layout;
  for (const { id, spec, folder } of graphs) {
    const expected = await byTsx(spec.split(':')[0] ?? '', folder);
    const runId = randomUUID();
    await world.publish(runCreate(id, { run_id: runId, assistant_id: id, input: { out: '' } }));
    expect(await events.terminal(runId)).toMatchObject({ error: null, values: expected });
  }
});

/** What the graph returns in a script that the tsx command line executes in the folder. */
async function byTsx(file: string, folder: string): Promise<object> {
  const script = join(dirname(file), `script-${randomUUID()}.mts`);
  writeFileSync(
    script,
    `const { graph } = await import(${JSON.stringify(file)});
    console.log(JSON.stringify(await graph.invoke({ out: '' })));`,
  );
  const { stdout } = await promisify(execFile)(process.execPath, [TSX, script], { cwd: folder });
  return JSON.parse(stdout) as object;
}
