/**
 * Proves that the files of infra work, with the real programs: nothing that the proof is about is replaced.
 *
 * usage: npm run prove:deploy [-- [part…] [--node-image IMAGE]]
 */
import { parts } from './src/parts.ts';
import { proveCommand } from './src/prove-command.ts';

process.exit(await proveCommand(process.argv.slice(2), { command: 'prove:deploy', parts, buildsImages: true }));
