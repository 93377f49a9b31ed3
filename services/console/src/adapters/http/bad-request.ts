/** Thrown when a request makes no sense; the message says what to change. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** Thrown when something does not exist; the message says where it was looked for. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}
