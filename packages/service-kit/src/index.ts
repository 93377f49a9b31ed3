export { AbortReason, ShuttingDown, isAbort } from './abort-reasons.ts';
export { backoff, retrying } from './backoff.ts';
export type { BackoffBounds, RetryingOptions } from './backoff.ts';
export { BatchLimit } from './batch-limit.ts';
export { clockOffsetMs } from './clock-offset.ts';
export { configSummary, envExample } from './config/config-texts.ts';
export { ConfigError, loadConfig, unknownRunlaneVariables } from './config/config.ts';
export type { ProcessEvents } from './lifecycle/endings.ts';
export { createAccessAlarm } from './access-alarm.ts';
export type { AccessAlarm, RefusingServer } from './access-alarm.ts';
export { FatalError, OverrunError, RetryableError, RunlaneError } from './errors.ts';
export type { ErrorDetails, RunlaneErrorOptions } from './errors.ts';
export { failureOf } from './lifecycle/failure-of.ts';
export { startHttp, startRoutes } from './health.ts';
export type { Check, HttpEndpoint, HttpOptions } from './health.ts';
export { runService } from './lifecycle/lifecycle.ts';
export type { RunServiceOptions, RunningService } from './lifecycle/lifecycle.ts';
export { logFields, runFields } from './log-fields.ts';
export type { RunFields } from './log-fields.ts';
export { createLogger, logLevels } from './logger.ts';
export type { LogLevel, Logger, LoggerOptions } from './logger.ts';
export {
  OTHER,
  Registry,
  absentGauge,
  boundedLabel,
  createMetrics,
  createPoolGauges,
  describeMetrics,
  readCounter,
  readGauge,
} from './metrics.ts';
export type { CountedPool, MetricDescription } from './metrics.ts';
export { createLoopDelay } from './loop-delay.ts';
export type { LoopDelay } from './loop-delay.ts';
export { orAborted } from './or-aborted.ts';
export { versionOf } from './lifecycle/package-version.ts';
export { Probes } from './probes.ts';
export type { ProbedConsumer, ProbedProcess } from './probes.ts';
export { redact } from './logging/redact.ts';
export { runMain } from './lifecycle/run-main.ts';
export type { MainConfig, MainNeeds, MainOptions } from './lifecycle/run-main.ts';
export { restAfterLook } from './rest-after-look.ts';
export { Scope } from './lifecycle/scope.ts';
export { kafkaSecurityProblems, kafkaVariableNames } from './config/kafka-variables.ts';
export type { KafkaSecurityVariables } from './config/kafka-variables.ts';
export { currentSecret } from './config/secret-files.ts';
export type { SecretFiles, WithSecretFiles } from './config/secret-files.ts';
export { ATTRIBUTE, RUNLANE } from './tracing/attributes.ts';
export { openTracing } from './tracing/open-tracing.ts';
export { tracingProblems, tracingSettings } from './tracing/settings.ts';
export type { TracingSettings } from './tracing/settings.ts';
export type { SpanAttributes, SpanStart, TraceSpan, Tracing } from './tracing/span.ts';
export { formatTraceparent, parseTraceparent, traceIdOf } from './tracing/traceparent.ts';
export { tracingVariableNames } from './tracing/variables.ts';
export { markdownTable } from './markdown-table.ts';
export { variableTable } from './config/variable-table.ts';
export { Turns } from './turns.ts';
export { runlaneVariables } from './config/variables.ts';
export type { RunRole } from './config/variables.ts';
export { waitOrAbort } from './wait-or-abort.ts';
export { Wakeup } from './wakeup.ts';
export type { WakeupOutcome } from './wakeup.ts';
