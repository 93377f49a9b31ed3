/**
 * Proves that what Runlane reports of itself can be seen where people look: in a trace store, in Prometheus, in its alarms.
 * The programs are the real ones: nothing that the proof is about is replaced.
 *
 * usage: npm run prove:observability [-- [part…]]
 */
import { proveCommand } from '@runlane/prove-deploy';
import { parts } from './src/parts.ts';

const hint = ' Prometheus and Jaeger are built once, by Go, which takes minutes.';

process.exit(await proveCommand(process.argv.slice(2), { command: 'prove:observability', parts, hint }));
