/** For tests of this package and of others. */
export { recordingLogger, silentLogger } from './recording-logger.fixture.ts';
export type { LogEvent } from './recording-logger.fixture.ts';
export { OtlpReceiver } from './tracing/otlp-receiver.fixture.ts';
export type { ReceivedSpan } from './tracing/otlp-receiver.fixture.ts';
