/** The SQLSTATEs that Runlane's code asks for, by the condition names of Postgres' appendix A. */
export const SQLSTATE = {
  featureNotSupported: '0A000',
  readOnlySqlTransaction: '25006',
  idleInTransactionSessionTimeout: '25P03',
  transactionTimeout: '25P04',
  invalidTextRepresentation: '22P02',
  untranslatableCharacter: '22P05',
  notNullViolation: '23502',
  foreignKeyViolation: '23503',
  uniqueViolation: '23505',
  checkViolation: '23514',
  exclusionViolation: '23P01',
  serializationFailure: '40001',
  statementCompletionUnknown: '40003',
  deadlockDetected: '40P01',
  insufficientPrivilege: '42501',
  undefinedColumn: '42703',
  undefinedTable: '42P01',
  diskFull: '53100',
  configurationLimitExceeded: '53400',
  objectNotInPrerequisiteState: '55000',
  lockNotAvailable: '55P03',
  queryCanceled: '57014',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
  idleSessionTimeout: '57P05',
} as const;

/** An error as the server sent it; other copies of the driver make the same shape. */
export type ServerError = Error & { code: string; severity: string };

/**
 * Whether the server itself sent this error. A Node error such as EPIPE has a five-letter `code` too, so `severity`,
 * which every server message carries, decides.
 */
export function isServerError(error: unknown): error is ServerError {
  return (
    error instanceof Error &&
    'severity' in error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code)
  );
}

/** The error, its causes and the members of its AggregateErrors, outermost first, each once. */
export function errorChain(error: unknown): Error[] {
  const chain = new Set<Error>();
  if (error instanceof Error) chain.add(error);
  for (const link of chain) {
    const below: unknown[] = link instanceof AggregateError ? [...link.errors, link.cause] : [link.cause];
    for (const next of below) if (next instanceof Error) chain.add(next);
  }
  return [...chain];
}

/** SQLSTATE of the error or of the first of its causes that has one, or null when the server said nothing. */
export function sqlState(error: unknown): string | null {
  for (const link of errorChain(error)) {
    if (isServerError(link)) return link.code;
  }
  return null;
}
