import { FatalError, RetryableError } from '@runlane/service-kit/errors';
import { CERTIFICATE_CODES } from '../certificate-codes.ts';
import { AccessDenied, RecordTooLarge } from '../errors.ts';

/** Protocol errors that tell a member to join again. Where it does not, it becomes a zombie (K2). */
const REJOIN_TYPES = new Set([
  'REBALANCE_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
]);

/** Refusals of our login or our rights: an operator can lift them while the process runs. */
const DENIED = new Set([
  'CLUSTER_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'TOPIC_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'KafkaJSSASLAuthenticationError',
  // Ours, from whoever gives the tokens.
  'access_denied',
  ...CERTIFICATE_CODES,
]);

/** Errors of the protocol and of kafkajs that stay the same however often the request is repeated. */
const HOPELESS = new Set([
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_CONFIG',
  'INVALID_REQUIRED_ACKS',
  'INVALID_RECORD',
  'POLICY_VIOLATION',
  'KafkaJSNotImplemented',
  'KafkaJSServerDoesNotSupportApiKey',
]);

/** Errors of a cluster that is away, starting or moving partitions: they pass, and prove nothing about this process. */
const OUTAGES = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSTimeout',
  'KafkaJSTopicMetadataNotLoaded',
  'BROKER_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'LEADER_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'NOT_COORDINATOR',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_LEADER_FOR_PARTITION',
  'NOT_LEADER_OR_FOLLOWER',
  'PLT_KFK_NETWORK',
  'REPLICA_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_TOPIC_OR_PARTITION',
]);

/** Names, protocol types and codes of an error and of all its causes, outermost first. */
function labelsOf(error: unknown): string[] {
  const labels: string[] = [];
  const seen = new Set<unknown>();
  let current = error;
  while (current instanceof Error && !seen.has(current)) {
    seen.add(current);
    labels.push(current.name);
    if ('type' in current && typeof current.type === 'string') labels.push(current.type);
    if ('apiId' in current && typeof current.apiId === 'string') labels.push(current.apiId);
    if ('code' in current && typeof current.code === 'string') labels.push(current.code);
    labels.push(...innerErrors(current).flatMap((inner) => labelsOf(inner)));
    current = current.cause;
  }
  return labels;
}

/** What an error stands for that sums up several. */
function innerErrors(error: Error): unknown[] {
  return 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
}

/** True for what a member is told that has to join the group again. */
export function isRejoinError(error: unknown): boolean {
  return labelsOf(error).some((label) => REJOIN_TYPES.has(label));
}

/** True when the cluster is away, starting or moving partitions. */
export function isOutage(error: unknown): boolean {
  return labelsOf(error).some((label) => OUTAGES.has(label));
}

/** True when the error carries that protocol type, also behind the wrappers of a library. */
export function hasErrorType(error: unknown, type: string): boolean {
  return labelsOf(error).includes(type);
}

/** True when the cluster refuses our login or our rights. */
export function isDenied(error: unknown): boolean {
  return error instanceof AccessDenied || labelsOf(error).some((label) => DENIED.has(label));
}

/** True when repeating cannot help: an invalid setting, a version that the broker does not speak. */
export function isHopeless(error: unknown): boolean {
  return labelsOf(error).some((label) => HOPELESS.has(label));
}

/**
 * The port's error for what a library threw. `action` says what was tried, as the beginning of a sentence. A TypeError
 * out of kafkajs is one of its races and retriable: our own arguments are checked before they reach it.
 */
export function toPortError(error: unknown, action: string): RetryableError | RecordTooLarge | FatalError {
  if (error instanceof RetryableError || error instanceof RecordTooLarge || error instanceof FatalError) return error;
  const message = `${action}: ${describeError(error)}`;
  if (isDenied(error)) return new AccessDenied(message, { cause: error });
  return isHopeless(error) ? new FatalError(message, { cause: error }) : new RetryableError(message, { cause: error });
}

const ADMIN_ADVICE =
  'Look at the ACLs (Describe on topics and groups; Create and DescribeConfigs where topics are made) and at the credentials.';

/** The same error, with advice when it is a refusal: an admin is used once and raises no alarm. `cause` is what was thrown. */
export function withAdvice(ported: Error, cause: unknown): Error {
  if (!(ported instanceof AccessDenied)) return ported;
  return new AccessDenied(`${ported.message}. ${adviceOn(cause, ADMIN_ADVICE)}`, { cause });
}

/**
 * What to look at when the cluster refuses us, by what it, or our side of TLS, says; `about` is for a permission that lacks.
 */
export function adviceOn(error: unknown, about: string): string {
  const labels = labelsOf(error);
  const has = (pattern: RegExp) => labels.some((label) => pattern.test(label));
  if (has(/ALTNAME/)) return 'The certificate is for other names than KAFKA_BROKERS has: use one of its names there.';
  if (has(/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/)) {
    return 'Renew the certificate of the brokers that KAFKA_BROKERS names, and look at the clocks.';
  }
  if (has(/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/)) {
    return 'Set KAFKA_SSL_CA_LOCATION to the authority that has signed the certificates of the brokers.';
  }
  if (has(/^ERR_SSL_/)) {
    return 'Set KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION to a certificate that the brokers accept.';
  }
  if (has(/SASL/)) {
    return 'Check KAFKA_SASL_MECHANISM and its login: KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or the token.';
  }
  return about;
}

/** What kafkajs calls `type`, the other library calls `apiId`. */
function protocolTypeOf(error: Error): string {
  if ('type' in error && typeof error.type === 'string') return ` ${error.type}`;
  return 'apiId' in error && typeof error.apiId === 'string' ? ` ${error.apiId}` : '';
}

/** Name, protocol type and message in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = innerErrors(error);
  if (inner.length > 0) return inner.map((one) => describeError(one)).join('; ');
  // Where no broker tells the metadata, kafkajs reads on in nothing.
  if (error instanceof TypeError) {
    return `no broker has told it, as when one is away or a partition has no leader (${error.message})`;
  }
  const type = protocolTypeOf(error);
  const topic = 'topic' in error && typeof error.topic === 'string' ? ` (topic ${error.topic})` : '';
  return `${error.name}${type}${topic}: ${error.message}`;
}
