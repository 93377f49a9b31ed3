/**
 * Purpose   A span for each request that is sent, under the trace of its event.
 * I13       It has the host and the port of the URL, as the log does; the rest may be a secret.
 */
import { ATTRIBUTE } from '@runlane/service-kit';
import type { Tracing } from '@runlane/service-kit';
import { classOf } from '../../domain/delivery.ts';
import type { AttemptResult, WebhookSender } from '../../app/ports.ts';

const HEADER = 'traceparent';

/** Sends as `sender` does. A request without a trace is sent as it is. */
export function tracedSender(tracing: Tracing, sender: WebhookSender): WebhookSender {
  return {
    ...sender,
    send: async (request, signal) => {
      const parent = request.headers[HEADER];
      if (parent === undefined) return sender.send(request, signal);
      const { hostname, port } = new URL(request.url);
      const span = tracing.start('POST webhook', {
        kind: 'client',
        parent,
        attributes: {
          [ATTRIBUTE.httpMethod]: 'POST',
          [ATTRIBUTE.serverAddress]: hostname,
          [ATTRIBUTE.serverPort]: port === '' ? null : Number(port),
        },
      });
      const result = await sender.send(
        { ...request, headers: { ...request.headers, [HEADER]: span.traceparent } },
        signal,
      );
      if (result.kind === 'response') span.set({ [ATTRIBUTE.httpStatus]: result.status });
      if (hasFailed(result)) span.fail(classOf(result));
      span.end();
      return result;
    },
  };
}

function hasFailed(result: AttemptResult): boolean {
  return result.kind !== 'response' || result.status >= 400;
}
