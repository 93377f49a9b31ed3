import { createHash } from 'node:crypto';

/** Namespace of the ids that Runlane derives: run ids of record coordinates, thread ids of stateless runs. */
export const RUNLANE_NAMESPACE = 'b6bab330-32f2-562f-b108-8a91fe98b049';

/**
 * Namespace in which LangGraph derives assistant ids from graph names. It differs in one digit from RFC 4122's URL
 * namespace, whose first group ends in b811.
 */
export const LANGGRAPH_NAMESPACE = '6ba7b821-9dad-11d1-80b4-00c04fd430c8';

/** Source of the regular expression behind `isUuid`, which is also the `pattern` in the generated schemas. */
export const UUID_PATTERN = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

const UUID = new RegExp(UUID_PATTERN);

/** The place of a record: `topic` with its prefix, `timestampMs` the record's own timestamp in epoch milliseconds. */
export type RecordCoordinates = { topic: string; partition: number; offset: bigint; timestampMs: number };

/** Whether the text is 8-4-4-4-12 hexadecimal digits of any case, whatever its version and variant bits. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * UUID version 5 of RFC 4122, section 4.3, in lower case.
 *
 * @param name hashed as UTF-8
 * @param namespace a UUID; throws a TypeError when it is none
 */
export function uuidV5(name: string, namespace: string): string {
  if (!isUuid(namespace)) {
    throw new TypeError(`uuidV5: the namespace ${JSON.stringify(namespace)} is not a UUID; pass 8-4-4-4-12 hex digits`);
  }
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Id of the system assistant of a graph, the same as every LangGraph server gives it. */
export function assistantIdOfGraph(graphName: string): string {
  return uuidV5(graphName, LANGGRAPH_NAMESPACE);
}

/**
 * Run id of a request that brings none: stable over redelivery, and with the timestamp in it not reused
 * when a topic is deleted and made again.
 */
export function runIdOfRecord({ topic, partition, offset, timestampMs }: RecordCoordinates): string {
  return uuidV5(`${topic}/${partition}/${offset}/${timestampMs}`, RUNLANE_NAMESPACE);
}

/** Thread id of a run that was requested without a thread. The case of the run id does not matter. */
export function threadIdOfStatelessRun(runId: string): string {
  return uuidV5(runId.toLowerCase(), RUNLANE_NAMESPACE);
}
