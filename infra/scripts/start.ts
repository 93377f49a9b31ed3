/**
 * The whole of Runlane on this machine, for trying it and for developing graphs.
 *
 * usage: npm start [-- [--config path/to/langgraph.json] [--no-demo] [--help]]
 */
import { STATE_DIRECTORY } from './src/paths.ts';
import { runStart } from './src/start/run-start.ts';

process.exit(await runStart(process.argv.slice(2), { environment: process.env, stateDirectory: STATE_DIRECTORY }));
