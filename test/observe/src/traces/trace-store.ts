/** What the trace store says, by the API that its own pages ask. */

/** A span as Jaeger gives it. */
type StoredSpan = {
  spanID: string;
  operationName: string;
  startTime: number;
  processID: string;
  references: { refType: string; spanID: string }[];
};
type StoredTrace = { traceID: string; spans: StoredSpan[]; processes: Record<string, { serviceName: string }> };

/** A span with those below it, in the order in which they began: `service: name`. */
export type Seen = { what: string; below: Seen[] };

export class TraceStore {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The spans of a trace as trees; empty while the store has none. */
  async trace(traceId: string): Promise<Seen[]> {
    const [trace] = await this.#ask(`/api/traces/${traceId}`);
    return trace === undefined ? [] : treesOf(trace);
  }

  /** The ids of the traces in which a span of the service has the attribute. */
  async find(service: string, attributes: Record<string, string>): Promise<string[]> {
    const query = new URLSearchParams({ service, tags: JSON.stringify(attributes), lookback: '1h' });
    return (await this.#ask(`/api/traces?${query.toString()}`)).map(({ traceID }) => traceID);
  }

  async #ask(path: string): Promise<StoredTrace[]> {
    const response = await fetch(`${this.#url}${path}`);
    if (response.status === 404) return [];
    if (!response.ok) throw new Error(`The trace store answers ${response.status}: ${await response.text()}`);
    return ((await response.json()) as { data: StoredTrace[] | null }).data ?? [];
  }
}

export function countOf(seen: readonly Seen[]): number {
  return seen.reduce((count, { below }) => count + 1 + countOf(below), 0);
}

/** One line a span, indented. */
export function textOf(seen: readonly Seen[], indent = ''): string {
  return seen.map(({ what, below }) => `${indent}${what}\n${textOf(below, `${indent}  `)}`).join('');
}

/** The same with siblings by name: which of two began first is often left to chance. */
export function byName(seen: readonly Seen[]): Seen[] {
  return seen
    .map(({ what, below }) => ({ what, below: byName(below) }))
    .toSorted((one, other) => (one.what < other.what ? -1 : 1));
}

function treesOf({ spans, processes }: StoredTrace): Seen[] {
  const parentOf = ({ references }: StoredSpan) => references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;
  const ids = new Set(spans.map(({ spanID }) => spanID));
  const below = (parent: string | undefined): Seen[] =>
    spans
      .filter((span) => {
        const own = parentOf(span);
        return parent === undefined ? own === undefined || !ids.has(own) : own === parent;
      })
      .toSorted((one, other) => one.startTime - other.startTime || (one.operationName < other.operationName ? -1 : 1))
      .map((span) => ({
        what: `${processes[span.processID]?.serviceName}: ${span.operationName}`,
        below: below(span.spanID),
      }));
  return below(undefined);
}
