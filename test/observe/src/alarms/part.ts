import type { Part, Proof } from '@runlane/prove-deploy';
import { runProgramWell } from '@runlane/testkit';
import { join } from 'node:path';
import { promtool } from '../programs.ts';
import { openStage } from '../stage.ts';
import type { Stage } from '../stage.ts';
import { graphsMisbehave } from './graphs-misbehave.ts';
import { nothingExecutes } from './nothing-executes.ts';
import { runsAreStranded } from './runs-are-stranded.ts';
import { scenes } from './scenes.ts';
import type { SceneName } from './scenes.ts';
import { serversRefuse } from './servers-refuse.ts';
import { webhooksWait } from './webhooks-wait.ts';

const RULES = join(import.meta.dirname, '..', '..', '..', '..', 'infra', 'observability', 'prometheus');

/** The rules are what Prometheus takes. */
export const rulesPart: Part = {
  name: 'rules',
  what: 'promtool takes the rules, and their tests pass',
  limitMs: 45 * 60_000,
  async prove(proof) {
    const program = await promtool(proof);
    await runProgramWell(program, ['check', 'rules', 'rules.yaml'], { cwd: RULES });
    await runProgramWell(program, ['test', 'rules', 'rules.test.yaml'], { cwd: RULES });
    proof.proved('promtool takes the rules, and its tests of them pass');
  },
};

/** `fired`: whoever plays adds the alarms that have. */
type Play = (proof: Proof, stage: Stage, fired: Set<string>) => Promise<void>;

const plays: Readonly<Record<SceneName, Play>> = {
  'webhooks-wait': webhooksWait,
  'nothing-executes': nothingExecutes,
  'graphs-misbehave': graphsMisbehave,
  'runs-are-stranded': runsAreStranded,
  'servers-refuse': serversRefuse,
};

/** Every alarm fires when the thing that it watches is broken, and not before: a part for each scene. */
export const alarmParts: readonly Part[] = (Object.keys(plays) as SceneName[]).map((name) => ({
  name,
  what: scenes[name].what,
  limitMs: 30 * 60_000,
  async prove(proof) {
    const fired = new Set<string>();
    await plays[name](proof, await openStage(proof), fired);
    const silent = scenes[name].fires.filter((alarm) => !fired.has(alarm));
    if (silent.length > 0) throw new Error(`Nothing here makes these fire: ${silent.join(', ')}`);
    proof.proved(`${fired.size} alarms fire when the thing that they watch is broken: ${[...fired].join(', ')}`);
  },
}));
