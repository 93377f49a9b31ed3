/** Thrown at start when a setting of the webhook policy is wrong; lists every problem, and never a secret. */
export class WebhookConfigError extends Error {
  override readonly name = 'WebhookConfigError';
  /** One sentence per problem: which setting, what is wrong with it, what to write. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}
