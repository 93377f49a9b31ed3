import { WebhookConfigError } from './config-error.ts';
import { hostnameOf } from './host-pattern.ts';

/** One origin of RUNLANE_WEBHOOK_ALLOW; a null port stands for any. */
export type OriginRule = { protocol: string; hostname: string; port: number | null };

/**
 * Reads the origins of RUNLANE_WEBHOOK_ALLOW, such as `https://hooks.internal:8443` and `http://127.0.0.1:*`.
 * Thrown: WebhookConfigError with every entry that is none.
 */
export function parseOriginRules(entries: readonly string[]): OriginRule[] {
  const problems: string[] = [];
  const rules = entries.flatMap((entry) => {
    const rule = parseOriginRule(entry);
    if (rule === null) {
      problems.push(
        `RUNLANE_WEBHOOK_ALLOW has "${entry.slice(0, 100)}", which is no origin. Write scheme and host, and a port or ` +
          '* if it is not the usual one: https://hooks.internal:8443, http://127.0.0.1:*. No path.',
      );
    }
    return rule ?? [];
  });
  if (problems.length > 0) throw new WebhookConfigError(problems);
  return rules;
}

/** Whether a URL has exactly the scheme, the host and the port of the rule. */
export function permits(rule: OriginRule, url: URL): boolean {
  return (
    url.protocol === rule.protocol &&
    hostnameOf(url) === rule.hostname &&
    (rule.port === null || portOf(url) === rule.port)
  );
}

/** The port that a request to the URL goes to. */
export function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}

function parseOriginRule(entry: string): OriginRule | null {
  if (!/^https?:\/\/[^/?#@\\\s]+$/i.test(entry)) return null;
  const isAnyPort = entry.endsWith(':*');
  const url = URL.parse(isAnyPort ? entry.slice(0, -2) : entry);
  if (url === null || url.port === '0') return null;
  return { protocol: url.protocol, hostname: hostnameOf(url), port: isAnyPort ? null : portOf(url) };
}
