/** The rules of this repository for a proof that takes minutes: what an alarm waits for is shortened, and nothing else. */
import { alarms, partAlarms } from '@runlane/observability/alarms';

/** In place of ages from half a minute on, in seconds: longer than anything here lasts by itself. */
const SHORT_AGE = 3;
/** The same for what is read every five seconds. */
const SHORT_AGE_OF_READING = 15;

/** Alarms that would remember what was before they are tried, or wait for all of it to be over, with the window in its place. */
const SHORT_WINDOWS: Readonly<Record<string, string>> = {
  EventsStopped: '5s',
  AdmissionStopped: '5s',
  WebhookIntakeStopped: '5s',
  EventsLate: '15s',
  SettlementsStuck: '3s',
  WorkersEnd: '60s',
};

/** What has become of each alarm: `whole`, or what was shortened besides how long it must have been so. */
export const shortened = new Map<string, string>();

/** The groups of a rules file. Every alarm fires as soon as its expression is true. */
export const shortRules = {
  groups: [
    {
      name: 'runlane',
      rules: [...alarms, ...partAlarms].map(({ name, expr, severity, labels }) => ({
        alert: name,
        expr: shortExpression(name, expr),
        labels: { severity, ...labels },
      })),
    },
  ],
};

function shortExpression(name: string, expression: string): string {
  const window = SHORT_WINDOWS[name];
  const windowed = window === undefined ? expression : expression.replaceAll(/\[\d+m\]/g, `[${window}]`);
  const limit = /_seconds.* > (\d+)$/.exec(windowed)?.[1];
  const isLong = limit !== undefined && Number(limit) >= 30;
  const age = expression.startsWith('time()') ? SHORT_AGE_OF_READING : SHORT_AGE;
  const short = isLong ? windowed.replace(/\d+$/, String(age)) : windowed;
  const changes = [
    ...(window === undefined ? [] : [`a window of ${window}`]),
    ...(isLong ? [`${age} s instead of ${limit} s`] : []),
  ];
  if (changes.length > 0) shortened.set(name, changes.join(', '));
  return short;
}
