import { RunPublisher } from '@runlane/client';
import { renderObstacle, schemaObstacle, strimziObstacle } from '@runlane/kubernetes';
import { eventually } from '@runlane/testkit';
import type { Kubectl } from '../cluster/kubectl.ts';
import { unlessMissing } from '../part.ts';
import type { Part, Proof } from '../part.ts';
import { made, startScaling } from './controllers.ts';
import { SCALED, scaledObjects } from './objects.ts';
import type { Scaled } from './objects.ts';
import { LOGIN, startServers } from './servers.ts';
import type { Servers } from './servers.ts';

/** KEDA and the controllers of Kubernetes, on the lag of a real broker and the runs of a real ledger. */
export const scalingPart: Part = {
  name: 'scaling',
  what: 'KEDA and Kubernetes scale admission by the lag of its group, and executors by the runs that are ready',
  limitMs: 60 * 60_000,
  prove,
};

/** Six times what one pod of admission is for, on so many threads that ten executors are for them. */
const REQUESTS = 12_000;
const THREADS = 120;
const STEP_MS = 180_000;

async function prove(proof: Proof): Promise<void> {
  unlessMissing(renderObstacle() ?? schemaObstacle() ?? strimziObstacle());
  const { kubectl, died } = await startScaling(proof);
  const servers = await startServers(proof);
  await made(kubectl, await scaledObjects(servers));
  const scale = new Scale(kubectl, died);
  await scale.becomes('admission', 2);
  await scale.becomes('executor', 2);
  proof.proved('without lag and without runs both have their smallest number of pods');

  await request(servers);
  await scale.becomes('admission', 6);
  proof.proved(`a lag of ${REQUESTS} records makes it 6 pods of admission`);

  // Of each thread one run is taken, and the others are refused while it waits.
  const admission = await servers.runConsumer('admission');
  await scale.becomes('executor', 10);
  proof.proved(`${THREADS} ready runs make it 10 executors`);
  await scale.becomes('admission', 2);
  proof.proved('when the group has read everything, admission is small again');

  const executor = await servers.runConsumer('execution');
  await scale.becomes('executor', 2);
  proof.proved('when the runs have ended, so are the executors');
  for (const process of [admission, executor]) await process.stopCleanly();
}

async function request({ broker, authority }: Servers): Promise<void> {
  await using publisher = new RunPublisher({
    brokers: [broker],
    ssl: { ca: authority },
    sasl: { mechanism: 'scram-sha-512', ...LOGIN },
  });
  const one = (index: number) =>
    publisher.create({
      thread_id: `proof-${index % THREADS}`,
      assistant_id: 'worker',
      input: { steps: 1, delay_ms: 10 },
      multitask_strategy: 'reject',
    });
  for (let from = 0; from < REQUESTS; from += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => one(from + index)));
  }
}

/** The numbers of pods that are wanted and made. */
class Scale {
  readonly #kubectl: Kubectl;
  readonly #died: Promise<never>;

  /** @param died rejects when a program that scales has ended */
  constructor(kubectl: Kubectl, died: Promise<never>) {
    this.#kubectl = kubectl;
    this.#died = died;
  }

  /** Resolves when the Deployment is for so many pods, and they were made. */
  async becomes(name: Scaled, count: number): Promise<void> {
    let last = '';
    const isThere = async () => {
      last = await this.#of(name);
      return last === `${count} wanted, ${count} made`;
    };
    const becoming = eventually(isThere, {
      what: `${name} has ${count} pods`,
      deadlineMs: STEP_MS,
      everyMs: 1_000,
      seen: () => last,
    });
    await Promise.race([becoming, this.#died]).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await this.#state()}`, { cause: error });
    });
  }

  async #of(name: Scaled): Promise<string> {
    const path = '-o=jsonpath={.spec.replicas} wanted, {.status.replicas} made';
    return this.#kubectl.well('--namespace=runlane', 'get', 'deployment', name, path);
  }

  /** What the objects say of themselves, for the message of a failure. */
  async #state(): Promise<string> {
    const names = SCALED.map((name) => `scaledobject/${name}`);
    return this.#kubectl.well('--namespace=runlane', 'describe', 'hpa', ...names).catch(String);
  }
}
