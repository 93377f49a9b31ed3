/** What was asked cannot be; the message says what to change. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** What was asked about is not there; the message says where it was looked for. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}
