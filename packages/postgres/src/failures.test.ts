import { expect, test } from 'vitest';
import { isDatabaseUnavailable, isRetryableConflict, spoilsConnection } from './failures.ts';
import { SQLSTATE, sqlState } from './sqlstate.ts';

/** In the shape of the driver; real errors are in failures.int.test.ts. */
function serverError(code: string, message = 'said by the server'): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR' });
}
function nodeError(code: string, more: object = {}): Error {
  return Object.assign(new Error(`failed with ${code}`), { code, ...more });
}

const unavailable = [
  '08000',
  '08006',
  '53100',
  '53300',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '58030',
  '25006',
  '25P03',
  '57014',
  // Nobody is let in.
  '28000',
  '28P01',
  '3D000',
].map((code) => serverError(code));
const unreachable = [
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'].map((code) => nodeError(code)),
  nodeError('ENOENT', { syscall: 'connect' }),
  nodeError('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
  nodeError('CERT_HAS_EXPIRED'),
  Object.assign(serverError('42501'), { severity: 'FATAL' }),
  Object.assign(serverError('55000'), { severity: 'FATAL' }),
  new Error('Connection terminated'),
  new Error('Connection terminated unexpectedly'),
  new Error('Connection terminated due to connection timeout'),
  new Error('timeout exceeded when trying to connect'),
  new Error('Query read timeout'),
  new Error('Client has encountered a connection error and is not queryable'),
  new Error('Cannot use a pool after calling end on the pool'),
];
const ours = [
  ...['23505', '22P02', '42P01', '42601', '40001', '40P01', '42501', '55000', '0A000', 'P0001'].map((code) =>
    serverError(code),
  ),
  nodeError('ENOENT', { syscall: 'open' }),
  nodeError('EACCES'),
  new Error('Cannot read properties of undefined'),
  new Error('the tool said: Connection terminated'),
  new TypeError('x'),
];

test.each([...unavailable, ...unreachable].map((error) => ({ error, what: describe(error) })))(
  '$what means that the database is away, also as a cause and among other errors',
  ({ error }) => {
    expect(isDatabaseUnavailable(error)).toBe(true);
    expect(isDatabaseUnavailable(new Error('outer', { cause: new Error('middle', { cause: error }) }))).toBe(true);
    expect(isDatabaseUnavailable(new AggregateError([new Error('other'), error]))).toBe(true);
  },
);

test.each(ours.map((error) => ({ error, what: describe(error) })))('$what is not', ({ error }) => {
  expect(isDatabaseUnavailable(error)).toBe(false);
  expect(isDatabaseUnavailable(new Error('outer', { cause: error }))).toBe(false);
});

test.each([undefined, null, 'ECONNREFUSED', 42, { code: 'ECONNREFUSED' }])(
  '%s is no error of the database',
  (value) => {
    expect(isDatabaseUnavailable(value)).toBe(false);
    expect(isRetryableConflict(value)).toBe(false);
    expect(sqlState(value)).toBe(null);
  },
);

test('conflicts are those that a repetition can win', () => {
  const conflicts = ['40001', '40P01', '55P03'].map((code) => serverError(code));
  for (const error of conflicts) expect(isRetryableConflict(new Error('outer', { cause: error }))).toBe(true);
  for (const error of [...unavailable, ...unreachable]) expect(isRetryableConflict(error)).toBe(false);
  expect(isRetryableConflict(serverError('23505'))).toBe(false);
});

test('a circle of causes is looked through once', () => {
  const first = new Error('first');
  first.cause = new AggregateError([first, serverError('57P01')]);
  expect(isDatabaseUnavailable(first)).toBe(true);
  expect(sqlState(first)).toBe(SQLSTATE.adminShutdown);
});

test('only errors of the server have a SQLSTATE: EPIPE has five letters, too', () => {
  expect(sqlState(nodeError('EPIPE'))).toBe(null);
  expect(sqlState(new Error('outer', { cause: serverError('23505') }))).toBe(SQLSTATE.uniqueViolation);
});

test('a connection is discarded after an error that ends its session or mixes up its answers', () => {
  const spoiling = [
    ...['57P01', '25006', '25P03', '08006', '58030'].map((code) => serverError(code)),
    serverError('0A000', 'cached plan must not change result type'),
    new Error('Query read timeout'),
  ];
  for (const error of spoiling) expect(spoilsConnection(new Error('outer', { cause: error }))).toBe(true);
  const harmless = ['23505', '40001', '57014', '25P02', '22P02', '53200'].map((code) => serverError(code));
  for (const error of [...harmless, serverError('0A000'), new Error('in our code')]) {
    expect(spoilsConnection(error)).toBe(false);
  }
});

function describe(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}
