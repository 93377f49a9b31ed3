/** What somebody is told of. */
export type Alarm = {
  /** After `Runlane`. */
  name: string;
  expr: string;
  /** How long it must have been so. */
  forMinutes: number;
  severity: 'critical' | 'warning' | 'info';
  summary: string;
  /** What it means, and what to look at. */
  description: string;
  labels?: Record<string, string>;
};
