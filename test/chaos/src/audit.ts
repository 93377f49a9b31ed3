import { fileURLToPath } from 'node:url';
import { runProgram } from '@runlane/testkit';
import type { OwnServers } from '../../e2e/src/faults/fault-servers.ts';
import type { PutBack } from './put-back.ts';
import type { World } from '../../e2e/src/support/world.ts';

const RUNLANE = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url));
/** The exit code of an audit with findings. */
const FOUND = 2;

/** What `runlane audit` has found, a line each. */
export type AuditVerdict = { findings: string[] };

/** Runs the command that operators have. Thrown when it could not look. */
export async function audit(world: World, servers: OwnServers, putBacks: readonly PutBack[]): Promise<AuditVerdict> {
  const { code, stdout, output } = await runProgram(process.execPath, [RUNLANE, 'audit', '--json', ...told(putBacks)], {
    environment: {
      KAFKA_BROKERS: servers.kafka.brokers.join(','),
      SCHEMA_REGISTRY_URL: servers.registry.url,
      DATABASE_URL: world.databaseUrl,
      RUNLANE_TOPIC_PREFIX: world.prefix,
    },
  });
  if (code === 0) return { findings: [] };
  if (code !== FOUND) throw new Error(`runlane audit ended with ${code}: ${output}`);
  return { findings: stdout.split('\n').filter((line) => line !== '') };
}

/** It is told of one restore; several are one that took longer. */
function told(putBacks: readonly PutBack[]): string[] {
  if (putBacks.length === 0) return [];
  const restoredTo = new Date(Math.min(...putBacks.map(({ fromMs }) => fromMs)));
  const resumedAt = new Date(Math.max(...putBacks.map(({ untilMs }) => untilMs)));
  return ['--restored-to', restoredTo.toISOString(), '--resumed-at', resumedAt.toISOString()];
}
