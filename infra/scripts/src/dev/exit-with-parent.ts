/**
 * Preloaded into the services that `npm start` runs: kills the service when `npm start` is gone, however it went
 * (SIGKILL included). The channel to the parent closes with the parent.
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The listener alone would keep a finished service alive.
process.channel?.unref();
