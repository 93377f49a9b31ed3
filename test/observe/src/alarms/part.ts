import { alarms, partAlarms } from '@runlane/observability/alarms';
import type { Part, Proof } from '@runlane/prove-deploy';
import { runProgramWell } from '@runlane/testkit';
import { join } from 'node:path';
import { promtool } from '../programs.ts';
import { openStage } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { graphsMisbehave } from './graphs-misbehave.ts';
import { nothingExecutes } from './nothing-executes.ts';
import { serversRefuse } from './servers-refuse.ts';
import { webhooksWait } from './webhooks-wait.ts';

/** Every alarm fires when the thing that it watches is broken. */
export const alarmsPart: Part = {
  name: 'alarms',
  what: 'every alarm fires in Prometheus when the thing that it watches is broken, and not before',
  limitMs: 45 * 60_000,
  prove,
};

const RULES = join(import.meta.dirname, '..', '..', '..', '..', 'infra', 'observability', 'prometheus');

const scenes: readonly ((proof: Proof, stage: Stage, fired: Set<string>) => Promise<void>)[] = [
  graphsMisbehave,
  webhooksWait,
  nothingExecutes,
  serversRefuse,
];

async function prove(proof: Proof): Promise<void> {
  const program = await promtool(proof);
  await runProgramWell(program, ['check', 'rules', 'rules.yaml'], { cwd: RULES });
  await runProgramWell(program, ['test', 'rules', 'rules.test.yaml'], { cwd: RULES });
  proof.proved('promtool takes the rules, and its tests of them pass');
  const stage = await openStage(proof);
  const fired = new Set<string>();
  const failures: string[] = [];
  for (const scene of scenes) {
    proof.signal.throwIfAborted();
    // The other scenes are told of all the same.
    await scene(proof, stage, fired).catch((error: unknown) => {
      failures.push(`${scene.name}: ${String(error)}`);
      proof.tell(failures.at(-1) ?? '');
    });
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
  const all = [...alarms, ...partAlarms.map(({ name, labels }) => ({ name: `${name} ${labels?.['component']}` }))];
  const silent = all.filter(({ name }) => !fired.has(name)).map(({ name }) => name);
  if (silent.length > 0) throw new Error(`Nothing here makes these fire: ${silent.join(', ')}`);
  proof.proved(`all ${all.length} alarms fire when the thing that they watch is broken`);
}
