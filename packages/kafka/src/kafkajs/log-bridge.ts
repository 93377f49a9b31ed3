import { logFields } from '@runlane/service-kit';
import type { LogEntry, logCreator } from 'kafkajs';
import type { OutageLog } from '../connecting/outage-log.ts';
import type { KafkaLogger } from '../port.ts';

// From kafkajs only these fields are passed on: others can hold whole requests, records included.
const FIELDS = ['broker', 'clientId', 'error', 'groupId', 'memberId', 'partition', 'retryCount', 'retryTime', 'topic'];

// Rebalances are routine, and the error of a response reaches whoever asked; kafkajs logs both at ERROR (K9).
const ROUTINE = /^Response |rebalanc|re-join|rejoin|generation|not aware of this member|coordinator/i;
const KAFKAJS_WARN = 2;

/**
 * Sends kafkajs' log to ours: warnings and errors as warnings of an outage, since what is final reaches the caller as
 * an error; everything routine at debug.
 */
export function createLogBridge(logger: KafkaLogger, outages: OutageLog): logCreator {
  return () => (entry) => {
    const fields = { component: `kafkajs.${entry.namespace}`, ...knownFields(entry) };
    const text = `kafkajs.said: ${entry.log.message}`;
    const isRoutine = ROUTINE.test(entry.log.message) || ROUTINE.test(String(entry.log['error'] ?? ''));
    if (entry.level <= KAFKAJS_WARN && !isRoutine) outages.warn(fields, text);
    else logger.debug(fields, text);
  };
}

function knownFields(entry: LogEntry): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of FIELDS) {
    const value: unknown = entry.log[name];
    if (value !== undefined) fields[name] = value instanceof Error ? value.message : value;
  }
  return logFields(fields);
}
