import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { PoisonError } from './errors.ts';
import { createLookUpAlarm } from './look-up-alarm.ts';
import type { KafkaLogger } from './port.ts';
import { createRegistryClient, isUnknownToRegistry, refusalOf, statusOf, withDeadline } from './registry-client.ts';
import type { RegistryAddress } from './registry-http.ts';
import type { RegistryLogin } from './security.ts';

/** Puts values into the Confluent wire format and takes them out: magic byte 0, schema id as int32, JSON. */
export interface ValueCodec {
  /**
   * The JSON bytes of a value: of a framed one those behind the frame, of any other the same bytes. A schema id is
   * looked up once and then known for good, so values decode while the registry is down. Values are not validated
   * against the writer's schema: what counts is the contract of the reader.
   *
   * Thrown for a frame cut short: PoisonError `undecodable`. Thrown for an id that the registry does not know, or knows
   * as Avro or Protobuf: PoisonError `unknown_schema`. Thrown while the registry does not answer: RetryableError, and while
   * it refuses us: AccessDenied.
   * Without a registry the frame is taken off unchecked.
   */
  unframe(value: Buffer): Promise<Buffer>;
  /**
   * The value to publish: with a registry framed with the id of `<topic>-<recordName>`, without one the same bytes.
   * The id is looked up once per subject.
   *
   * Thrown when the subject is not registered or not JSON Schema: FatalError. Thrown while the registry does not
   * answer: RetryableError, and while it refuses us: AccessDenied.
   */
  frame(topic: string, recordName: string, json: Buffer): Promise<Buffer>;
  /**
   * Looks up what `frame` will need, so that a service notices a missing schema when it starts; null without a
   * registry. Throws what `frame` throws.
   */
  resolve(topic: string, recordName: string): Promise<number | null>;
  /** A sentence for each look-up that the registry refuses just now, and that is still wanted. */
  refusals(): readonly string[];
}

/**
 * `registryUrl` is the base of a Confluent-compatible API and may hold a path; null for plain JSON. Without a login nobody in
 * particular asks.
 */
export type ValueCodecOptions = {
  registryUrl: string | null;
  registryLogin?: RegistryLogin | null;
  logger: KafkaLogger;
};

const MAGIC_BYTE = 0;
const FRAME_BYTES = 5;

// A handler waits for the lookup, and a member that is silent for its session timeout (10 s) loses its partitions.
const TIMEOUTS = { requestMs: 1_500, callMs: 4_000 };

export function createValueCodec(options: ValueCodecOptions): ValueCodec {
  const { registryUrl: url, registryLogin: login = null, logger } = options;
  return url === null ? plainCodec() : registryCodec({ url, login }, logger);
}

function plainCodec(): ValueCodec {
  return {
    unframe: async (value) => (value[0] === MAGIC_BYTE ? parseFrame(value).payload : value),
    frame: (_topic, _recordName, json) => Promise.resolve(json),
    resolve: () => Promise.resolve(null),
    refusals: () => [],
  };
}

function registryCodec(address: RegistryAddress, logger: KafkaLogger): ValueCodec {
  const client = createRegistryClient(address, TIMEOUTS);
  const jsonSchemaIds = new Set<number>();
  const subjectIds = new Map<string, number>();
  const lookups = new Map<string, Promise<number>>();

  const access = createLookUpAlarm(logger);

  const isUnknown = (path: string): Promise<boolean> => isUnknownToRegistry(address, path, TIMEOUTS);

  /** Resolves when the id stands for a JSON Schema. */
  async function checkSchema(id: number): Promise<void> {
    if (jsonSchemaIds.has(id)) return;
    const action = `looking up schema id ${id} in the registry failed`;
    const registry = await client;
    try {
      const schema = await withDeadline(registry.getSchema(id), TIMEOUTS, action);
      // The client returns an instance per type and does not name the type; only JSON Schema has a validator.
      if (!('validate' in schema)) {
        throw unknownSchema(`schema id ${id} is no JSON Schema; send JSON, framed with the id of a JSON Schema`);
      }
    } catch (error) {
      if (error instanceof PoisonError || error instanceof RetryableError) throw error;
      await failIfRefused(error, `schema id ${id}`, action);
      if (statusOf(error) === 404 && (await isUnknown(`/schemas/ids/${id}`))) {
        throw unknownSchema(`the registry does not know schema id ${id}; register the schema there first`, error);
      }
      if (statusOf(error) !== null) throw new RetryableError(`${action}: ${messageOf(error)}`, { cause: error });
      // Without a status the schema was found and its text could not be compiled. Its values may be good all the same;
      // if they are not JSON, parsing says so.
      logger.warn({ schema_id: id, err: error }, 'schema.not_compiled: its values are still read');
    }
    jsonSchemaIds.add(id);
    access.granted(`schema id ${id}`);
  }

  async function failIfRefused(error: unknown, what: string, action: string): Promise<void> {
    const refusal = await refusalOf(error, action, address, TIMEOUTS);
    if (refusal === null) return;
    access.refused(what, refusal.message);
    throw refusal;
  }

  /** Many records are framed at once, and one lookup answers for all of them. */
  function resolve(topic: string, recordName: string): Promise<number> {
    const subject = `${topic}-${recordName}`;
    const known = subjectIds.get(subject);
    if (known !== undefined) return Promise.resolve(known);
    const underWay = lookups.get(subject) ?? lookUp(subject).finally(() => lookups.delete(subject));
    lookups.set(subject, underWay);
    return underWay;
  }

  async function lookUp(subject: string): Promise<number> {
    const action = `looking up the schema of subject ${subject} failed`;
    const registry = await client;
    try {
      const id = await withDeadline(registry.getLatestSchemaId(subject), TIMEOUTS, action);
      await checkSchema(id);
      subjectIds.set(subject, id);
      access.granted(`subject ${subject}`);
      logger.debug({ subject, schema_id: id }, 'schema.resolved');
      return id;
    } catch (error) {
      if (error instanceof RetryableError) throw error;
      await failIfRefused(error, `subject ${subject}`, action);
      if (error instanceof PoisonError) throw new FatalError(`${action}: ${error.message}`, { cause: error });
      if (statusOf(error) === 404 && (await isUnknown(`/subjects/${encodeURIComponent(subject)}/versions/latest`))) {
        throw new FatalError(`subject ${subject} is not in the registry; run the job that registers the schemas`, {
          cause: error,
        });
      }
      throw new RetryableError(`${action}: ${messageOf(error)}`, { cause: error });
    }
  }

  return {
    unframe: async (value) => {
      if (value[0] !== MAGIC_BYTE) return value;
      const { schemaId, payload } = parseFrame(value);
      await checkSchema(schemaId);
      return payload;
    },
    frame: async (topic, recordName, json) => {
      const header = Buffer.alloc(FRAME_BYTES);
      header.writeInt32BE(await resolve(topic, recordName), 1);
      return Buffer.concat([header, json]);
    },
    resolve,
    refusals: () => access.list(),
  };
}

function parseFrame(value: Buffer): { schemaId: number; payload: Buffer } {
  if (value.length <= FRAME_BYTES) {
    throw new PoisonError(
      `the value begins like a registry frame and ends after ${value.length} bytes; ` +
        'a frame is byte 0, a schema id of 4 bytes and the JSON',
      { code: 'undecodable' },
    );
  }
  return { schemaId: value.readInt32BE(1), payload: value.subarray(FRAME_BYTES) };
}

function unknownSchema(message: string, cause?: unknown): PoisonError {
  return new PoisonError(message, { code: 'unknown_schema', cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
