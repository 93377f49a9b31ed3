/**
 * Where the tables of the service are, and what this version knows of them; the package's entry for code that prepares a
 * database.
 */
export const SCHEMA = 'webhooks';
export const MIGRATIONS: URL = new URL('../migrations/', import.meta.url);
