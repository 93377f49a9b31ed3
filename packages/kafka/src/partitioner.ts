const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * The partition that Java's default partitioner chooses for a key: murmur2 of its bytes, without the sign bit, modulo
 * the number of partitions (`org.apache.kafka.clients.producer.internals.BuiltInPartitioner.partitionForKey`).
 * librdkafka calls it `murmur2_random`. A string stands for its UTF-8 bytes.
 */
export function partitionForKey(key: Buffer | string, partitionCount: number): number {
  if (!Number.isInteger(partitionCount) || partitionCount < 1) {
    throw new RangeError(`partitionCount is ${partitionCount}; it must be a whole number of at least 1`);
  }
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitionCount;
}

/** 32-bit MurmurHash2 with Kafka's seed, as a signed integer (`org.apache.kafka.common.utils.Utils.murmur2`). */
function murmur2(bytes: Buffer): number {
  const wholeWords = bytes.length & ~3;
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < wholeWords; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), M);
    hash = Math.imul(hash, M) ^ Math.imul(word ^ (word >>> R), M);
  }
  if (wholeWords < bytes.length) {
    const tail = bytes.subarray(wholeWords);
    hash = Math.imul(hash ^ tail.readUIntLE(0, tail.length), M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}
