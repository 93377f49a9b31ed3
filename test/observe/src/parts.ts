import type { Part } from '@runlane/prove-deploy';
import { alarmParts, rulesPart } from './alarms/part.ts';
import { dashboardsPart } from './dashboards/part.ts';
import { metricsPart } from './metrics/part.ts';
import { tracesPart } from './traces/part.ts';

/** Everything that the command proves, in this order. */
export const parts: readonly Part[] = [tracesPart, metricsPart, dashboardsPart, rulesPart, ...alarmParts];
