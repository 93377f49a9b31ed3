import type { z } from 'zod';
import { RunlaneError } from '../errors.ts';
import { redact } from '../logging/redact.ts';
import { FILE_SUFFIX, readGiven } from './secret-files.ts';
import type { WithSecretFiles } from './secret-files.ts';
import { describeVariable } from './variable-description.ts';
import { runlaneVariables } from './variables.ts';

/** Thrown when the environment does not make a valid configuration; lists every problem at once, never a secret. */
export class ConfigError extends RunlaneError {
  override readonly name = 'ConfigError';
  /** One sentence per problem, each naming its variable. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super({
      code: 'invalid_configuration',
      message: `The environment has ${problems.length} problem(s):\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
    });
    this.problems = problems;
  }
}

/**
 * Reads the variables of `schema` (its keys are their names) from the environment. An empty text counts as unset. The
 * value of a variable marked `secret` may stand in a file that `NAME_FILE` names; these are in `secretFiles`.
 *
 * @param rules problems between variables, one sentence each; asked when each of them is right
 * @throws ConfigError with every problem: the variable, what is wrong with it, what to set. The values of variables
 *   marked `secret` are not quoted.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv,
  rules: (config: z.infer<S>) => readonly string[] = () => [],
): z.infer<S> & WithSecretFiles {
  const { given, secretFiles, unread } = readGiven(schema, env);
  const problems = [...unread.values()];
  const result = schema.safeParse(given);
  if (!result.success) problems.push(...problemsOf(schema, given, result.error, unread));
  else if (problems.length === 0) problems.push(...rules(result.data));
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  return { ...result.data, secretFiles };
}

/**
 * One problem per variable: of a list with three bad elements the first says enough, and of one that could not be read that it
 * could not.
 */
function problemsOf(
  schema: z.ZodObject,
  given: Readonly<Record<string, string>>,
  error: z.ZodError,
  unread: ReadonlyMap<string, string>,
): string[] {
  const problems = new Map<string, string>();
  for (const issue of error.issues) {
    const name = String(issue.path[0] ?? '(environment)');
    if (problems.has(name) || unread.has(name)) continue;
    const { description, example, isSecret } = describeVariable(schema, name);
    const text = given[name];
    const hint = example === null ? '' : ` For example: ${name}=${example}`;
    if (text === undefined && issue.path.length === 1) {
      problems.set(name, `${name} is not set. ${description}${hint}`);
    } else {
      const quoted = text === undefined || isSecret ? '' : quote(text);
      problems.set(name, `${name} ${issue.message}${quoted}.${causeOf(text, isSecret)}${hint}`);
    }
  }
  return [...problems.values()];
}

/** What probably wrote such a value, and what to change there; empty when nothing is known. */
function causeOf(text: string | undefined, isSecret: boolean): string {
  // Shells take them away, and `docker run --env-file` and Kubernetes do not.
  if (text !== undefined && /^(["']).*\1$/s.test(text))
    return ' Its quotation marks are part of the value: remove them.';
  if (text !== undefined && !isSecret && text.startsWith('tcp://'))
    return ' Kubernetes sets such a value for a Service of that name: give the pod enableServiceLinks: false.';
  return '';
}

/** JSON is not quoted: a whole configuration pasted into the wrong variable may hold keys and passwords. */
function quote(text: string): string {
  if (/^[{[]/.test(text)) return '';
  return ` (it is ${JSON.stringify(redact(text.length > 80 ? `${text.slice(0, 80)}…` : text))})`;
}

/**
 * Names in the environment that start with RUNLANE_ and that no service knows, sorted: probably typing errors, so a
 * service warns about them.
 */
export function unknownRunlaneVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('RUNLANE_') && !isKnown(name))
    .toSorted();
}

function isKnown(name: string): boolean {
  const { shape } = runlaneVariables;
  if (Object.hasOwn(shape, name)) return true;
  const secret = name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : '';
  return Object.hasOwn(shape, secret) && describeVariable(runlaneVariables, secret).isSecret;
}
