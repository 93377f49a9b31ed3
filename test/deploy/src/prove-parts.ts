import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Scope } from '@runlane/service-kit';
import { Missing } from './part.ts';
import type { Part, ProofOptions } from './part.ts';

type Outcome = 'proved' | 'skipped' | 'failed';

/**
 * Proves the parts one after the other, reports the result of each, and returns the exit code: 1 when one failed.
 *
 * @param command as the last line names it, such as `prove:deploy`
 */
export async function proveParts(command: string, parts: readonly Part[], options: ProofOptions): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const) {
    process.on(signal, () => stopping.abort(new Error('The command was stopped.')));
  }
  const outcomes: Outcome[] = [];
  const startedMs = performance.now();
  for (const part of parts) {
    if (stopping.signal.aborted) break;
    outcomes.push(await provePart(part, options, stopping.signal));
  }
  const count = (wanted: Outcome) => outcomes.filter((outcome) => outcome === wanted).length;
  const counts = (['proved', 'skipped', 'failed'] as const).map((outcome) => `${count(outcome)} ${outcome}`);
  print(`${command}: ${counts.join(', ')}, in ${secondsSince(startedMs)} s`);
  return stopping.signal.aborted || count('failed') > 0 ? 1 : 0;
}

async function provePart(part: Part, options: ProofOptions, stopped: AbortSignal): Promise<Outcome> {
  const { name, limitMs } = part;
  const startedMs = performance.now();
  const tell = (text: string) => print(`[${name}] ${text}`);
  tell(part.what);
  const expired = new AbortController();
  const timer = setTimeout(() => expired.abort(new Error(`It took longer than ${limitMs / 60_000} min.`)), limitMs);
  const folder = await mkdtemp(join(tmpdir(), 'runlane-prove-'));
  const scope = new Scope();
  // The server programs of some parts run as other users.
  scope.defer('folder', () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const ended = (outcome: Outcome, why = '') => {
    tell(`${outcome}${why}, in ${secondsSince(startedMs)} s`);
    return outcome;
  };
  try {
    await part.prove({
      ...options,
      scope,
      folder,
      signal: AbortSignal.any([stopped, expired.signal]),
      proved: (sentence) => tell(`proved: ${sentence}`),
      tell,
    });
    return ended('proved');
  } catch (error) {
    if (error instanceof Missing) return ended('skipped', `: ${error.message}`);
    const why = expired.signal.aborted ? `${String(expired.signal.reason)} ` : '';
    return ended('failed', `: ${why}${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
    await scope.dispose().catch((error: unknown) => tell(`left something behind: ${String(error)}`));
  }
}

const secondsSince = (startedMs: number) => Math.round((performance.now() - startedMs) / 1_000);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
