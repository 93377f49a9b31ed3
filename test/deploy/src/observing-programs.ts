import { join } from 'node:path';
import { runProgram } from '@runlane/testkit';
import { goProgram } from './go-programs.ts';
import type { GoProgram } from './go-programs.ts';
import { Missing } from './part.ts';
import type { Proof } from './part.ts';

type Building = Pick<Proof, 'signal' | 'tell'>;

/** Modules of programs that observe. */
const ROOT = join(import.meta.dirname, '..', '..', 'observe', 'go');

/** The module of Prometheus, without what finds targets in clouds. */
export const PROMETHEUS = { module: 'prometheus', tags: 'remove_all_sd' };

export const prometheusProgram = (proof: Building): Promise<string> =>
  observingProgram(proof, { ...PROMETHEUS, package: 'github.com/prometheus/prometheus/cmd/prometheus' });

/** The path of a program that observes, which Go builds once. Thrown: Missing, without Go. */
export async function observingProgram(proof: Building, program: Omit<GoProgram, 'root'>): Promise<string> {
  const go = await runProgram('go', ['version']).catch(() => ({ code: 1 }));
  if (go.code !== 0) throw new Missing('There is no go on this machine: install Go 1.26 or newer.');
  return goProgram({ ...program, root: ROOT }, proof);
}
