import { fileURLToPath } from 'node:url';

/** The checkout, with a slash at the end. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What this checkout keeps of a running `npm start`; not under version control. */
export const STATE_DIRECTORY = `${ROOT}.runlane`;
