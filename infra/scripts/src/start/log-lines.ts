/** Turns log lines, which are JSON, into text for people. */

/** Longest text of a line, in characters; the file has boot logs and state dumps in full. */
const MAX_LENGTH = 500;
const WORTH_SEEING = new Set(['warn', 'error', 'fatal']);
/** Fields that every line has, or that the text shows already. */
const USUAL = new Set(['level', 'time', 'pid', 'hostname', 'service', 'msg', 'err']);

/** Whether people should see a line immediately: warnings, errors, and anything that is no log line, such as a crash of Node. */
export function isWorthSeeing(line: string): boolean {
  const fields = logFields(line);
  return fields === null ? line.trim() !== '' : WORTH_SEEING.has(String(fields['level']));
}

/** A log line as people read it, on one line and not longer than they would read. What is not JSON stays as it is. */
export function readableLogLine(line: string): string {
  const fields = logFields(line);
  if (fields === null) return line.trimEnd();
  const details = Object.entries(fields)
    .filter(([name]) => !USUAL.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const text = [String(fields['msg']), ...errorMessages(fields['err']), ...details].join(' · ');
  const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return `[${String(fields['service'])}] ${String(fields['level'])}: ${shown}`;
}

/** The value of one field of a log line; undefined when the line has no such field or is not JSON. */
export function logField(line: string, name: string): unknown {
  return logFields(line)?.[name];
}

/** The fields of a log line; null when it is not JSON. */
export function logFields(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    return isRecord(parsed) ? parsed : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The stack stays in the log file. */
function errorMessages(error: unknown): string[] {
  return isRecord(error) && typeof error['message'] === 'string' ? [error['message']] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
