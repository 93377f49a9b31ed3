/** An alarm. */
export type Alarm = {
  /** After `Runlane`. */
  name: string;
  expr: string;
  /** How long the condition must hold. */
  forMinutes: number;
  severity: 'critical' | 'warning' | 'info';
  summary: string;
  /** What it means, and what to check. */
  description: string;
  labels?: Record<string, string>;
};
