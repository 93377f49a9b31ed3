/** The README of the command line, made of its own help. */
import type { Command } from 'commander';
import { program } from './program.ts';

const HEAD = `# The command line

Everything that an operator does with a Runlane deployment has a command. From a checkout: \`npm run -s runlane -- COMMAND\`; in the image:
\`node packages/cli/src/main.ts COMMAND\`. Anywhere else with Node 22.12 or newer: \`npm run pack\` writes a tarball to \`.runlane/packages\`, whose program
\`runlane\` is there after \`npm i -g ./runlane-cli-….tgz\`, or runs with \`npx -p ./runlane-cli-….tgz runlane COMMAND\`. It reads the variables of the
services ([.env.example](../../.env.example)), and takes those that are not set from the \`.runlane/dev.env\` of \`npm start\` and \`npm run infra\`. A command
needs only the variables of what it uses: \`DATABASE_URL\` for runs and threads, \`KAFKA_BROKERS\` for topics.

On a terminal it writes words and tables; elsewhere, and with \`--json\`, it writes one JSON object a line. Errors go to standard error. The exit code is 0,
or 1 after an error, or 2 when \`audit\`, \`doctor\`, \`topics check\` or \`schemas check\` has found something wrong.

Completion: \`eval "$(runlane completion bash)"\`, or \`zsh\`. In a checkout, first give it the name: \`alias runlane='npm run -s runlane --'\`.

This file is generated from the help of the program by \`npm run generate\`.
`;

/** The text of packages/cli/README.md. */
export function readmeText(): string {
  const nowhere = () => undefined;
  const io = { environment: {}, devEnvFile: '', out: nowhere, err: nowhere, isTerminal: false };
  const pages = leavesOf(program(io), []).map(([path, command]) => {
    const help: string[] = [];
    command.configureOutput({ writeOut: (text) => help.push(text), getOutHelpWidth: () => 120 }).outputHelp();
    return `## ${path.join(' ')}\n\n\`\`\`text\n${help.join('').trimEnd()}\n\`\`\`\n`;
  });
  return [HEAD, ...pages].join('\n');
}

/** The commands that do something, each with its words. */
function leavesOf(command: Command, path: string[]): [string[], Command][] {
  return command.commands.flatMap((child) => {
    const words = [...path, child.name()];
    return child.commands.length === 0 ? [[words, child] as [string[], Command]] : leavesOf(child, words);
  });
}
