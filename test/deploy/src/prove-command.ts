import { parseArgs } from 'node:util';
import type { Part } from './part.ts';
import { proveParts } from './prove-parts.ts';

/** A command that proves parts. */
export type ProveCommand = {
  /** Its npm script, such as `prove:deploy`. */
  command: string;
  parts: readonly Part[];
  /** Sentences for the usage, behind those that hold for every such command. */
  hint?: string;
  /** Says that the command builds images, so that `--node-image` may name what they are built on. */
  buildsImages?: boolean;
};

const NODE_IMAGE = `
  --node-image IMAGE  what the images are built on; without it the Dockerfile's own, and where no registry has that, a stand-in of
                      Debian's packages`;

/** Proves the parts that the arguments name, or all. Returns the exit code: 1 when something does not hold, 2 for bad arguments. */
export async function proveCommand(args: string[], wish: ProveCommand): Promise<number> {
  const { command, parts, hint = '', buildsImages = false } = wish;
  const width = Math.max(...parts.map(({ name }) => name.length)) + 2;
  const usage = `usage: npm run ${command} [-- [part…]${buildsImages ? ' [--node-image IMAGE]' : ''}]

Proves the parts that are named, or all, one after the other. What this machine cannot do is skipped with a sentence. The exit code is 1 when
something does not hold.${hint}

${parts.map(({ name, what }) => `  ${name.padEnd(width)}${what}`).join('\n')}
${buildsImages ? NODE_IMAGE : ''}`.trimEnd();
  const refuse = (why: string): number => {
    process.stderr.write(`${why}\n\n${usage}\n`);
    return 2;
  };

  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: { 'node-image': { type: 'string' }, help: { type: 'boolean', default: false } },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const nodeImage = values['node-image'] ?? null;
  if (nodeImage !== null && !buildsImages) return refuse(`${command} builds no images: leave --node-image out.`);
  const unknown = positionals.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) return refuse(`There is no part ${unknown}.`);
  const wanted = parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  return proveParts(command, wanted, { nodeImage });
}
