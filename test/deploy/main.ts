/**
 * Proves that what infra has for deployments works, with the real programs: nothing is replaced that is claimed about.
 *
 * usage: npm run prove:deploy [-- [part…] [--node-image IMAGE]]
 */
import { parts } from './src/parts.ts';
import { proveCommand } from './src/prove-command.ts';

process.exit(await proveCommand(process.argv.slice(2), { command: 'prove:deploy', parts, buildsImages: true }));
