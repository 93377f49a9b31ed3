import { isRefusedConnection } from './access/connection-advice.ts';
import { SQLSTATE, errorChain, isServerError, sqlState } from './sqlstate.ts';
import type { ServerError } from './sqlstate.ts';

/** Node's codes for "there is no connection", also before one was made. */
const CONNECTION_CODES = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** The driver gives its own connection failures no code, so their texts are all there is. */
const CONNECTION_MESSAGES = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect$/,
  /^timeout expired$/,
  /^Query read timeout$/,
  /^Client has encountered a connection error and is not queryable$/,
  /^Client was closed and is not queryable$/,
  /^Cannot use a pool after calling end on the pool$/,
];

const UNAVAILABLE_CLASSES = [
  '08', // connection exception
  '53', // insufficient resources: connections, disk, memory
  '57P', // the server shuts down, starts up or drops the session
  '58', // system error outside Postgres
];

const UNAVAILABLE_STATES = new Set<string>([
  SQLSTATE.readOnlySqlTransaction, // after a failover this connection leads to what is now the standby
  SQLSTATE.idleInTransactionSessionTimeout,
  SQLSTATE.transactionTimeout,
  // A statement that exceeds its time limit is load or a lock far more often than a fault of its input, and treating
  // load as a fault of the input would put healthy records aside.
  SQLSTATE.queryCanceled,
]);

/**
 * Whether an error means that the database is away, lets nobody in, or cannot work now: pause and try again; no input is the
 * cause (I11).
 * Looks through `cause` and AggregateError. Includes statements over their time limit, the closed
 * pool of a process that is stopping, and a CommitUnknownError, after which a repetition must be idempotent.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (isRefusedConnection(error)) return true;
  for (const link of errorChain(error)) {
    if (isServerError(link)) {
      if (UNAVAILABLE_STATES.has(link.code) || isClosedDatabase(link)) return true;
      if (UNAVAILABLE_CLASSES.some((prefix) => link.code.startsWith(prefix))) return true;
    } else if (isConnectionFailure(link)) {
      return true;
    }
  }
  return false;
}

/** Whether the server denied a statement: its role lacks a grant, or a policy for rows is against it. No input is the cause. */
export function isDenied(error: unknown): boolean {
  return sqlState(error) === SQLSTATE.insufficientPrivilege;
}

/** Nobody is let into the database for now, as while it is copied or restored. Of a statement 55000 says something else. */
function isClosedDatabase({ code, severity }: ServerError): boolean {
  return code === SQLSTATE.objectNotInPrerequisiteState && severity === 'FATAL';
}

/** Limits of time, of locks' waiting and of temporary files: 57014, 55P03, 53400. */
const LIMIT_STATES = new Set<string>([SQLSTATE.queryCanceled, SQLSTATE.lockNotAvailable, '53400']);

/**
 * Whether a statement exceeded a limit of the database, which is neither an outage nor a fault of its input: it may be heavy
 * itself, or have waited for a heavy one. Try it alone, with a backoff of its own, and let it delay nothing else.
 */
export function isOverLimit(error: unknown): boolean {
  return errorChain(error).some((link) => isServerError(link) && LIMIT_STATES.has(link.code));
}

function isConnectionFailure(error: Error): boolean {
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && CONNECTION_CODES.has(code)) return true;
  // A Unix socket whose server is not running does not exist.
  if (code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect') return true;
  return CONNECTION_MESSAGES.some((pattern) => pattern.test(error.message));
}

const CONFLICT_STATES = new Set<string>([
  SQLSTATE.serializationFailure,
  SQLSTATE.deadlockDetected,
  SQLSTATE.lockNotAvailable,
]);

/** Whether the transaction lost against another one, so that it can succeed immediately when it is repeated. */
export function isRetryableConflict(error: unknown): boolean {
  return errorChain(error).some((link) => isServerError(link) && CONFLICT_STATES.has(link.code));
}

/**
 * Whether no connection on which this happened may be used again: the session is ending or has become useless, or,
 * after a read timeout, its answer is still under way and would be taken for the next one. What the pool sees by itself,
 * a closed socket, is not covered.
 */
export function spoilsConnection(error: unknown): boolean {
  return errorChain(error).some((link) => {
    if (!isServerError(link)) return link.message === READ_TIMEOUT;
    return link.code === SQLSTATE.readOnlySqlTransaction || SPOILING_CLASSES.test(link.code) || isStalePlan(link);
  });
}

const READ_TIMEOUT = 'Query read timeout';
const SPOILING_CLASSES = /^(08|25P0[34]|57P|58|XX)/;

/** A prepared statement of before a migration; it fails for as long as the connection lives. */
function isStalePlan(error: Error & { code: string }): boolean {
  return error.code === SQLSTATE.featureNotSupported && error.message.includes('cached plan');
}
