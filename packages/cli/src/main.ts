#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { nodeProblem } from './node-version.ts';

const problem = nodeProblem(process.versions.node);
if (problem === null) {
  // The reader of the output has closed it, as `head` does, so the rest is not needed. The exit code is that of SIGPIPE.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(128 + 13);
  });
  // Loaded only now: with an older Node its modules do not load, or fail half-way.
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
