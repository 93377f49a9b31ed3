#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runProgram } from './program.ts';

process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  devEnvFile: fileURLToPath(new URL('../../../.runlane/dev.env', import.meta.url)),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stdout.isTTY,
});
