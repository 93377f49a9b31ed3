import { versionOf } from '@runlane/service-kit';

/** Version of this service, as its package has it. */
export const serviceVersion = versionOf(new URL('../package.json', import.meta.url));
