/**
 * Purpose   `dlq redrive`: publishes the records of dead letters again, as they were or as an editor leaves them.
 * Order     By partition and offset of the dead letter topic, so that those of a thread keep their order.
 * Once      Each record that is published names its dead letter in a header. Before anything is published the request topic
 *           is searched for that header, from the time of the oldest letter on: a letter that was redriven is not redriven
 *           again, unless that is asked for. So the command may be repeated after a failure.
 * Refused   A record that admission would make a dead letter again is not published, and admission's own message is shown.
 */
import { CommandError } from '../command-error.ts';
import { isAsked, letterOf, parseLetterId, placeOf, textOf } from './dead-letter.ts';
import type { Letter, LetterFlags } from './dead-letter.ts';
import { withKafka } from '../deployment-kafka.ts';
import type { Kafka } from '../deployment-kafka.ts';
import { editedRecord } from './edit-record.ts';
import { countOf, sinceOf } from '../input.ts';
import type { Output } from '../output.ts';
import { readTopic } from '../read-topic.ts';
import { redrivenBefore, redrivenRecord } from './redriven-record.ts';
import type { Environment } from '../settings.ts';
import { compare, unknownLetter } from './show-dead-letters.ts';

export type RedriveFlags = LetterFlags & {
  all?: boolean;
  edit?: boolean;
  dryRun?: boolean;
  /** Also what was redriven before. */
  again?: boolean;
  limit: string;
};

/** Most bytes of values in memory; the next call takes the rest. */
const HELD_BYTES = 256 * 1024 * 1024;

type Verdict = 'redriven' | 'would be redriven' | 'redriven before' | 'refused';

/** Thrown: ConfigError; CommandError for what was given, when Kafka does not answer, and when a letter was refused. */
export async function redrive(
  ids: readonly string[],
  flags: RedriveFlags,
  environment: Environment,
  output: Output,
): Promise<void> {
  const hasFilter = flags.code !== undefined || flags.thread !== undefined || flags.since !== undefined;
  if (ids.length === 0 && !hasFilter && flags.all !== true) {
    throw new CommandError('Select dead letters: their ids, --code, --thread, --since, or --all.');
  }
  await withKafka(environment, async (kafka) => {
    const { letters, leftCount } = await select(ids, flags, kafka);
    if (letters.length === 0) return output.say(`No such dead letter in ${kafka.topics.deadLetters}.`);
    const before = flags.again === true ? new Map<string, string>() : await redrivenBefore(letters, kafka);
    const refusedCount = await redriveAll(letters, before, { flags, environment, kafka, output });
    if (leftCount > 0) output.say(`${leftCount} more are left: run it again.`);
    if (refusedCount > 0) {
      throw new CommandError(`${refusedCount} of ${letters.length} dead letters were not redriven: see above`);
    }
  });
}

/** The requested letters, in order, as many as fit into memory. */
async function select(ids: readonly string[], flags: RedriveFlags, { kafka, topics, prefix }: Kafka) {
  const limit = countOf(flags.limit, '--limit');
  const wanted = new Set(ids.map((id) => parseLetterId(id, topics.deadLetters)));
  const partitions = new Set([...wanted].map((id) => Number(id.split('/')[0])));
  const letters: Letter[] = [];
  let heldBytes = 0;
  let leftCount = 0;
  const full = new Set<number>();
  await readTopic(kafka, {
    topic: topics.deadLetters,
    groupPrefix: prefix,
    ...(flags.since === undefined ? {} : { from: sinceOf(flags.since, Date.now(), '--since') }),
    ...(wanted.size === 0 ? {} : { partitions }),
    onRecord: (record) => {
      const letter = letterOf(record);
      if ((wanted.size > 0 && !wanted.has(letter.id)) || !isAsked(letter, flags)) return;
      heldBytes += letter.valueBytes ?? 0;
      // Once a letter of a partition is left out, all later ones of it are too: they must not pass it.
      if (full.has(record.partition) || letters.length >= limit || heldBytes > HELD_BYTES) {
        full.add(record.partition);
        leftCount += 1;
      } else letters.push(letter);
    },
  });
  const found = new Set(letters.map(({ id }) => id));
  const missing = [...wanted].find((id) => !found.has(id));
  if (missing !== undefined && leftCount === 0) throw new CommandError(unknownLetter(missing, topics.deadLetters));
  return { letters: letters.toSorted(compare), leftCount };
}

type Needs = { flags: RedriveFlags; environment: Environment; kafka: Kafka; output: Output };

/** Returns how many were refused. */
async function redriveAll(letters: readonly Letter[], before: ReadonlyMap<string, string>, needs: Needs) {
  const { flags, kafka, output } = needs;
  const producer = await kafka.kafka.producer({ idempotent: true });
  let refusedCount = 0;
  const tell = (letter: Letter, verdict: Verdict, why: string | null) =>
    output.print(
      { dead_letter: letter.id, verdict, why, source: letter.source },
      `${letter.id}  ${textOf(letter.record.key) ?? ''}  ${verdict}${why === null ? '' : `: ${why}`}`,
    );
  try {
    for (const letter of letters) {
      const earlier = before.get(placeOf(letter));
      if (earlier !== undefined) {
        tell(letter, 'redriven before', `as ${earlier}; --again redrives it again`);
        continue;
      }
      const asked = await recordOf(letter, needs);
      if (asked.problem !== null) {
        refusedCount += 1;
        tell(letter, 'refused', asked.problem);
      } else if (flags.dryRun === true) {
        tell(letter, 'would be redriven', null);
      } else {
        let place: string | null = null;
        await producer.publish([asked.record], {
          onWritten: (_record, { topic, partition, offset }) => (place = `as ${topic}/${partition}/${offset}`),
        });
        tell(letter, 'redriven', place);
      }
    }
    return refusedCount;
  } finally {
    await producer.close();
  }
}

/** What would be published of a letter, or why nothing should. */
async function recordOf(letter: Letter, { flags, environment, kafka }: Needs) {
  const { key, value } = letter.record;
  if (flags.edit === true) return redrivenRecord(letter, await editedRecord(letter, environment, kafka), kafka);
  const asked = await redrivenRecord(letter, { key, value }, kafka);
  const canEdit = asked.problem !== null && value !== null;
  return canEdit ? { problem: `${asked.problem} --edit opens it in an editor` } : asked;
}
