import type { Answer } from '../../e2e/src/webhooks/webhook-receiver.ts';
import { Random } from './random.ts';

/** A receiver like those of the internet: errors, redirects, cut connections, throttling, and occasionally an answer. */
export function hostileAnswer(seed: number): Answer {
  const random = new Random(seed, 'receiver');
  return (response) => {
    const how = random.weighted({ fine: 4, error: 2, throttle: 1, redirect: 1, cut: 1, gone: 1 });
    switch (how) {
      case 'fine':
        response.writeHead(204).end();
        return;
      case 'error':
        response.writeHead(500).end('no');
        return;
      case 'throttle':
        response.writeHead(429, { 'retry-after': '1' }).end();
        return;
      case 'redirect':
        response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
        return;
      case 'cut':
        response.destroy();
        return;
      case 'gone':
        response.writeHead(410).end();
    }
  };
}
