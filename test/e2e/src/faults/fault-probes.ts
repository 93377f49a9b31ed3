import { eventually } from '@runlane/testkit';
import type { ServiceProcess } from '@runlane/testkit';
import { expect } from 'vitest';

/** What /livez or /readyz answers. */
export async function probe(
  service: ServiceProcess,
  path: '/livez' | '/readyz',
): Promise<{ status: number; failing: Record<string, string> }> {
  const response = await fetch(`${await service.httpUrl()}${path}`);
  const { failing } = (await response.json()) as { failing: Record<string, string> };
  return { status: response.status, failing };
}

/**
 * Resolves when the process is not ready and says what it waits for, and expects that it counts as alive all the same.
 *
 * @param check name of the check that says so
 */
export async function waitsFor(service: ServiceProcess, check: string, what: RegExp): Promise<void> {
  let last: unknown;
  await eventually(
    async () => {
      const ready = await probe(service, '/readyz');
      last = ready;
      return ready.status === 503 && what.test(ready.failing[check] ?? '');
    },
    { what: `/readyz says in ${check} that the service waits for ${what}`, everyMs: 100, seen: () => last },
  );
  expect(await probe(service, '/livez')).toEqual({ status: 200, failing: {} });
}
