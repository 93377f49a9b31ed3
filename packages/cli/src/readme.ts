/** The README of the command line, made of its own help. */
import type { Command } from 'commander';
import { program } from './program.ts';

const HEAD = `# The command line

Everything that an operator does with a Runlane deployment has a command. From a checkout: \`npm run -s runlane -- COMMAND\`; in the
image: \`node packages/cli/src/main.ts COMMAND\`; anywhere else with Node 22.12 or newer: \`npm run pack\` writes a tarball to \`.runlane/packages\`, and
\`npm i -g ./runlane-cli-….tgz\`, or \`npx -p ./runlane-cli-….tgz runlane COMMAND\`, has the program \`runlane\` of it. It reads the variables of the services ([.env.example](../../.env.example)), and for names that
the environment lacks the \`.runlane/dev.env\` of \`npm start\` and \`npm run infra\`. A command needs only what it says: those that read
runs and threads need \`DATABASE_URL\`, those of topics \`KAFKA_BROKERS\`.

On a terminal it writes words and tables, elsewhere, and with \`--json\`, one JSON object a line. Errors go to the standard error. The exit code is 0; 1
after an error; and 2 from \`audit\`, \`doctor\`, \`topics check\` and \`schemas check\` when they could look and something is wrong.

Completion: where there is no program \`runlane\`, \`alias runlane='npm run -s runlane --'\`; then \`eval "$(runlane completion bash)"\`, or \`zsh\`.

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
