/** How long the import of a graph may take, in milliseconds. */
export const LOAD_LIMIT_MS = 60_000;
