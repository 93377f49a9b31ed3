import { RetryableError } from '@runlane/service-kit/errors';
import type { Assignment, TopicPartition } from '../port.ts';

/** What one join gave to the member: valid until the next join or the end of the member. */
export type AssignmentEpoch = {
  assignment: Assignment;
  /** Aborts when the epoch ends; the reason is a RetryableError that says why. */
  signal: AbortSignal;
  owns(partition: TopicPartition): boolean;
  end(reason: string, cause?: unknown): void;
  /** Resolves once `onAssigned` went through; never rejects. */
  ready: Promise<void>;
};

/** `memberAssignment` lists partitions per topic. */
export function createEpoch(
  generation: number,
  memberAssignment: Record<string, readonly number[]>,
  prepare: (assignment: Assignment, signal: AbortSignal) => Promise<void>,
): AssignmentEpoch {
  const partitions = Object.entries(memberAssignment).flatMap(([topic, ofTopic]) =>
    ofTopic.map((partition) => ({ topic, partition })),
  );
  const assignment = { generation, partitions };
  const controller = new AbortController();
  return {
    assignment,
    signal: controller.signal,
    owns: ({ topic, partition }) => memberAssignment[topic]?.includes(partition) === true,
    end: (reason, cause) => controller.abort(new RetryableError(reason, { cause })),
    ready: prepare(assignment, controller.signal),
  };
}

/**
 * The epoch in which a record was read, when the member still has its partition.
 *
 * Thrown when it has not, or the epoch is over: RetryableError.
 */
export function assertOwned(
  epoch: AssignmentEpoch | null,
  partition: TopicPartition,
  generation: number,
): AssignmentEpoch {
  if (epoch === null || epoch.assignment.generation !== generation || !epoch.owns(partition)) {
    const name = `${partition.topic}/${partition.partition}`;
    throw new RetryableError(`${name} has been assigned anew since the record was read; it is delivered again`);
  }
  if (epoch.signal.aborted) throw epoch.signal.reason;
  return epoch;
}
