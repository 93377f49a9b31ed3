import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import type { Assignment, ConsumerHealth, ConsumerOptions, ConsumerTuning, RecordConsumer, Seek } from '../port.ts';
import type { ConnectionContext } from '../connecting/connection-context.ts';
import { adviceOn, describeError, hasErrorType, isDenied, isHopeless, isOutage } from '../connecting/error-kinds.ts';
import type { GroupMember, MemberEnd, StartMember } from './group-member.ts';
import { waitOrAbort } from '@runlane/service-kit/wait-or-abort';
import { createPartitionPauses } from './partition-pauses.ts';

const DEFAULTS: ConsumerTuning = {
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 60_000,
  heartbeatIntervalMs: 3_000,
  maxBytesPerPartition: 256 * 1024,
  maxBytes: 4 * 1024 * 1024,
  maxWaitTimeMs: 500,
  retryInitialMs: 200,
  retryMaxMs: 30_000,
  maxRestarts: 10,
};
const DEFAULT_PARTITIONS_IN_PARALLEL = 4;

/** Sessions without a heartbeat after which a member is given up. The group has forgotten it after one. */
const SILENT_SESSIONS = 2;

const ADVICE =
  'Look at the ACLs of the topics (Read and Describe) and of the group (Read), and at the credentials of this service.';
const SESSION_HINT =
  '. The broker takes sessions from group.min.session.timeout.ms (6000 by default) to group.max.session.timeout.ms';

/**
 * Purpose   A member of a consumer group that outlives the members that a library gives it.
 * Owns      The succession of group members: at most one lives at a time.
 * States    starting ──▶ joined ◀──▶ rebalancing ──▶ stopped | crashed      a crash leads back to starting
 * C-I1      An outage never ends it: it starts members for as long as it is not drained (I11).
 * C-I2      It fails when repeating cannot help, or after `maxRestarts` crashes in a row that were no outage and
 *           between which no batch was finished.
 * C-I3      After drain() has resolved nothing of it reaches a broker.
 * C-I4      A joined member without a heartbeat for `SILENT_SESSIONS` is given up and another one started: a client may
 *           hold on for minutes to a connection whose other end is frozen. No restart of the process would do better.
 * C-I5      A refusal ends it only before it has ever worked; later the permission may come back (I11).
 */
export function createRecordConsumer(
  context: ConnectionContext,
  load: () => Promise<StartMember>,
  given: ConsumerOptions,
): RecordConsumer {
  const tuning = { ...DEFAULTS, ...given.tuning };
  const options = {
    ...given,
    tuning,
    partitionsInParallel: given.partitionsInParallel ?? DEFAULT_PARTITIONS_IN_PARALLEL,
  };
  const { logger, outages, access } = context;
  const pauses = createPartitionPauses({ initialMs: tuning.retryInitialMs, maxMs: tuning.retryMaxMs });
  const failed = Promise.withResolvers<never>();
  // Whoever awaits it gets the rejection; if nobody does, it must not end the process as an unhandled rejection.
  failed.promise.catch((error: unknown) => logger.error({ err: error }, 'consumer.failed'));

  const draining = new AbortController();
  let health: ConsumerHealth = {
    state: 'starting',
    lastHeartbeatAtMs: null,
    partitions: [],
    rebalanceCount: 0,
    crashCount: 0,
    lostBecause: null,
  };
  let member: GroupMember | null = null;
  let supervision: Promise<void> | null = null;
  let drained: Promise<void> | null = null;
  let generation = 0;
  let crashesInARow = 0;
  let fruitlessCrashes = 0;
  let hasWorked = false;
  const who = `the consumer of ${given.topics.join(', ')} in group ${given.group}`;

  function beatNow(): void {
    health = { ...health, lastHeartbeatAtMs: performance.now() };
  }

  function startMember(start: StartMember): GroupMember {
    return start(options, pauses, {
      nextGeneration: () => ++generation,
      joined: ({ partitions }) => {
        crashesInARow = 0;
        health = { ...health, state: 'joined', partitions, lostBecause: null };
        beatNow();
        logger.info({ group: options.group, generation, partition_count: partitions.length }, 'consumer.joined');
      },
      rebalancing: () => {
        health = { ...health, state: 'rebalancing', rebalanceCount: health.rebalanceCount + 1 };
      },
      heartbeat: beatNow,
      // A member fetches, so the cluster allows both the topics and the group.
      fetched: () => {
        hasWorked = true;
        access.granted(who);
      },
      batchFinished: () => {
        fruitlessCrashes = 0;
      },
      prepare: announce,
    });
  }

  /** Calls `onAssigned` until it succeeds or the assignment is over; batches wait for it. */
  async function announce(assignment: Assignment, signal: AbortSignal, seek: Seek): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await options.onAssigned?.(assignment, seek);
        return;
      } catch (error) {
        if (error instanceof FatalError) {
          member?.fail(error);
          return;
        }
        logger.warn(
          { err: error, attempt },
          'consumer.not_assigned: onAssigned failed and is called again; no record is handled until then',
        );
        await waitOrAbort(Math.min(tuning.retryInitialMs * 2 ** (attempt - 1), tuning.retryMaxMs), signal);
      }
    }
  }

  async function supervise(): Promise<void> {
    let start: StartMember;
    try {
      start = await load();
    } catch (error) {
      health = { ...health, state: 'crashed' };
      failed.reject(new FatalError(`${who} has no Kafka client: ${describeError(error)}`, { cause: error }));
      return;
    }
    while (!draining.signal.aborted) {
      const current = startMember(start);
      member = current;
      const endWatch = watchSilence(current);
      const end = await current.ended;
      endWatch();
      member = null;
      const fatal = fatalError(end);
      if (fatal !== null) {
        health = { ...health, state: 'crashed', partitions: [] };
        failed.reject(fatal);
        return;
      }
      if (end.kind === 'left') break;
      const crashCount = health.crashCount + 1;
      health = { ...health, state: 'starting', partitions: [], crashCount, lostBecause: crashOf(end) };
      const waitMs = Math.min(context.tuning.reconnectInitialMs * 2 ** crashesInARow, context.tuning.reconnectMaxMs);
      crashesInARow += 1;
      if (end.kind === 'crashed' && isDenied(end.error)) {
        access.refused(who, crashOf(end), adviceOn(end.error, ADVICE));
      } else {
        outages.warn(
          { group: options.group, crash_count: health.crashCount, wait_ms: waitMs, error: crashOf(end) },
          'consumer.restarts: it lost its group or its brokers',
        );
      }
      await waitOrAbort(waitMs, draining.signal);
    }
    health = { ...health, state: 'stopped', partitions: [] };
  }

  /** Gives the member up when it is silent for too long, until the returned function is called. */
  function watchSilence(watched: GroupMember): () => void {
    const silentMs = SILENT_SESSIONS * tuning.sessionTimeoutMs;
    const timer = setInterval(() => {
      const { state, lastHeartbeatAtMs } = health;
      if (state !== 'joined' || performance.now() - (lastHeartbeatAtMs ?? Infinity) <= silentMs) return;
      watched.giveUp(new RetryableError(`no heartbeat was answered for ${silentMs} ms`));
    }, tuning.heartbeatIntervalMs);
    return () => clearInterval(timer);
  }

  function fatalError(end: MemberEnd): FatalError | null {
    if (end.kind === 'left') return null;
    if (end.kind === 'fatal') return end.error;
    if (isHopeless(end.error)) {
      const hint = hasErrorType(end.error, 'INVALID_SESSION_TIMEOUT') ? SESSION_HINT : '';
      return new FatalError(`consumer of group ${options.group} cannot go on: ${describeError(end.error)}${hint}`, {
        cause: end.error,
      });
    }
    if (isDenied(end.error)) {
      if (hasWorked) return null;
      return new FatalError(`Kafka refuses ${who}: ${describeError(end.error)}. ${adviceOn(end.error, ADVICE)}`, {
        cause: end.error,
      });
    }
    if (end.error instanceof RetryableError || isOutage(end.error)) return null;
    fruitlessCrashes += 1;
    if (fruitlessCrashes <= tuning.maxRestarts) return null;
    return new FatalError(
      `consumer of group ${options.group} crashed ${fruitlessCrashes} times without finishing a batch, ` +
        `most recently with ${describeError(end.error)}`,
      { cause: end.error },
    );
  }

  async function drain(deadlineMs: number): Promise<void> {
    draining.abort();
    member?.leave();
    const deadline = new AbortController();
    await Promise.race([supervision ?? Promise.resolve(), waitOrAbort(deadlineMs, deadline.signal)]);
    deadline.abort();
    if (member !== null) logger.warn({ group: options.group, deadline_ms: deadlineMs }, 'consumer.drain_overdue');
    member?.kill();
    if (health.state !== 'crashed') health = { ...health, state: 'stopped', partitions: [] };
  }

  return {
    failed: failed.promise,
    start: () => {
      if (!draining.signal.aborted) supervision ??= supervise();
      return Promise.resolve();
    },
    drain: (deadlineMs) => (drained ??= drain(deadlineMs)),
    rejoin: (reason) => member?.giveUp(reason),
    commit: async (partition, through, of) => {
      if (member === null) throw new RetryableError(`${who} is not in its group; the record is delivered again`);
      await member.commit(partition, through, of);
    },
    health: () => health,
    pause: pauses.request,
    resume: pauses.release,
  };
}

function crashOf(end: MemberEnd): string {
  return end.kind === 'crashed' ? describeError(end.error) : end.kind;
}
