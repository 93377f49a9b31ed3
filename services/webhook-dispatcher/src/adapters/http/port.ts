/** One POST of a signed event. */
export type WebhookRequest = { url: string; headers: Record<string, string>; body: Uint8Array };

/** Milliseconds from the beginning of the attempt. Null: the attempt did not come so far, or a connection was reused. */
export type AttemptTimings = {
  totalMs: number;
  dnsMs: number | null;
  connectMs: number | null;
  firstByteMs: number | null;
};

/** What an attempt came to; never thrown. `message` never holds the URL's path, query or credentials. */
export type AttemptResult = { timings: AttemptTimings; address: string | null } & AttemptOutcome;

export type AttemptOutcome =
  | {
      kind: 'response';
      status: number;
      retryAfterSeconds: number | null;
      instruction: 'abort-message' | 'disable' | null;
      bodyBytes: number;
      bodyExcerpt: string | null;
    }
  | {
      kind: 'failed';
      class: 'dns' | 'connect' | 'tls' | 'timeout' | 'protocol' | 'stale_connection';
      message: string;
    }
  | { kind: 'blocked'; code: string; message: string }
  /** A fault of ours (resolver down for everyone, proxy down, aborted by shutdown): charges no attempt. */
  | { kind: 'infrastructure'; message: string };

export interface WebhookSender {
  /** Never rejects. Aborting `signal` ends the attempt as `infrastructure`, unless it was answered already. */
  send(request: WebhookRequest, signal: AbortSignal): Promise<AttemptResult>;
  /** Ends attempts under way as `infrastructure` and closes all connections. */
  close(): Promise<void>;
}
