/** promtool of this machine, for tests of the rules. */
import { execFileSync } from 'node:child_process';

/** Why the program cannot be used here: one sentence, or null where it can. */
export function prometheusObstacle(program: 'promtool'): string | null {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return `${program} is not on this machine; install Prometheus to try the rules on it.`;
  }
}
