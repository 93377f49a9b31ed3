export { eventually } from './eventually.ts';
export type { EventuallyOptions } from './eventually.ts';
export { createDatabase } from './database.ts';
export { ServiceProcess } from './service-process.ts';
export type { LogLine } from './service-process.ts';
export { EventCollector, TopicReader } from './status-events.ts';
export type { SeenEvent } from './status-events.ts';
export { silentLogger } from './silent-logger.ts';
