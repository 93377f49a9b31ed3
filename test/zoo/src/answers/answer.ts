/** JSON, or the text of an event stream. */
export type Answer = { json: object } | { stream: string };

/** An event of a stream; the name is left out where a provider sends none. */
export function sse(data: object | string, event?: string): string {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}
