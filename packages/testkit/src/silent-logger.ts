/** A logger for clients whose log a test does not look at. */
export const silentLogger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};

function ignore(): void {
  // Nothing to say.
}
