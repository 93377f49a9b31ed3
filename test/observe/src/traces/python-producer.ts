/** A producer in Python: OpenTelemetry's SDK, and the Python client of this repository. */
import { join } from 'node:path';
import { Missing } from '@runlane/prove-deploy';
import type { Proof } from '@runlane/prove-deploy';
import { runProgram, runProgramWell } from '@runlane/testkit';

const PYTHON = join(import.meta.dirname, '..', '..', 'python');
const CLIENT = join(import.meta.dirname, '..', '..', '..', '..', 'packages', 'client-python');

export type Ordered = { runId: string; traceId: string };

/** Makes an environment of its own for it. Thrown: Missing without a Python of 3.10 or newer. */
export async function pythonProducer(
  proof: Proof,
): Promise<(environment: Record<string, string>, request: unknown) => Promise<Ordered>> {
  const host = await runProgram('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']);
  if (host.code !== 0) throw new Missing('There is no Python of 3.10 or newer on this machine.');
  const environment = join(proof.folder, 'python');
  const python = join(environment, 'bin', 'python');
  await runProgramWell('python3', ['-m', 'venv', environment]);
  await runProgramWell(python, [
    '-m',
    'pip',
    'install',
    '-q',
    '--disable-pip-version-check',
    `--requirement=${join(PYTHON, 'requirements.txt')}`,
    CLIENT,
  ]);
  return async (variables, request) => {
    const args = [join(PYTHON, 'order.py'), JSON.stringify(request)];
    const { stdout } = await runProgramWell(python, args, { environment: variables });
    return JSON.parse(stdout) as Ordered;
  };
}
