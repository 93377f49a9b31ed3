#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { nodeProblem } from './node-version.ts';

const problem = nodeProblem(process.versions.node);
if (problem === null) {
  // Whoever reads the output has seen enough, as `head` has: the rest is for nobody. The code is that of SIGPIPE.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(128 + 13);
  });
  // Only then: what it is made of does not load, or fails in the middle, with an older Node.
  const { runProgram } = await import('./program.ts');
  process.exitCode = await runProgram(process.argv.slice(2), {
    environment: process.env,
    devEnvFile: fileURLToPath(new URL('../../../.runlane/dev.env', import.meta.url)),
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
  });
} else {
  process.stderr.write(`runlane: ${problem}\n`);
  process.exitCode = 1;
}
