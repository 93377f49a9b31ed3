import { spawn } from 'node:child_process';

/** How a program ended and what it wrote. `code` is null when it could not be started, or ended by a signal. */
export type ProgramEnd = { code: number | null; stdout: string; output: string };

export type ProgramOptions = {
  cwd?: string;
  /** Besides that of this process. */
  environment?: Record<string, string>;
  /** Standard input. Default: none. */
  input?: string;
};

/** Runs a program to its end, whatever that is. `output` holds what it wrote to both streams. */
export async function runProgram(
  command: string,
  args: readonly string[],
  { cwd, environment, input }: ProgramOptions = {},
): Promise<ProgramEnd> {
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  // A program that ends before it has read everything says so by its code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, stdout, output: String(error) }));
    child.once('close', (code) => resolve({ code, stdout, output }));
  });
}

/** Thrown, with everything it wrote, when the program does not end with 0. */
export async function runProgramWell(...args: Parameters<typeof runProgram>): Promise<ProgramEnd> {
  const end = await runProgram(...args);
  if (end.code === 0) return end;
  throw new Error(`${args[0]} ${args[1].join(' ')} ended with ${end.code}:\n${end.output}`);
}
