import { join } from 'node:path';
import { runProgram } from '@runlane/testkit';
import { goProgram } from './go-programs.ts';
import { Missing } from './part.ts';
import type { Proof } from './part.ts';

/** Modules of programs that observe. */
const ROOT = join(import.meta.dirname, '..', '..', 'observe', 'go');

/** The path of Prometheus, without what finds targets in clouds. Thrown: Missing. */
export async function prometheusProgram(proof: Pick<Proof, 'signal' | 'tell'>): Promise<string> {
  const go = await runProgram('go', ['version']);
  if (go.code !== 0) throw new Missing('There is no go on this machine: install Go 1.26 or newer.');
  const module = { root: ROOT, module: 'prometheus', tags: 'remove_all_sd' };
  return goProgram({ ...module, package: 'github.com/prometheus/prometheus/cmd/prometheus' }, proof);
}
