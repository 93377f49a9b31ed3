/**
 * Where webhooks may go: one policy for admission, which has no DNS, and for the dispatcher, which asks again before
 * every new connection.
 *
 *   syntax           parseWebhookUrl: what is ambiguous never reaches a parser
 *   host             a literal address is classified, an internal name is refused without a lookup
 *   scheme, port     https on port 443
 *   RUNLANE_WEBHOOK_ALLOW   lifts host, scheme, port and address for exactly one origin, RUNLANE_WEBHOOK_DENY included
 *   langgraph.json   its `webhooks.url` narrows all of that, and widens nothing
 */
import { hash } from 'node:crypto';
import { classifyAddress, isLoopback, parseAddress } from './address.ts';
import type { AddressVerdict } from './address.ts';
import { deniedNameReason, deniedRange, parseDeniedHosts } from './denied-hosts.ts';
import { keeping } from './keeping.ts';
import { hostnameOf, matchesHost } from './host-pattern.ts';
import { parseOriginRules, permits, portOf } from './origin-rule.ts';
import { UNRESTRICTED } from './project-webhooks.ts';
import type { ProjectUrlRules } from './project-webhooks.ts';
import { siteOf } from './site.ts';
import { parseWebhookUrl } from './url-syntax.ts';
import type { UrlProblem } from './url-syntax.ts';

/** A URL that webhooks may go to, as far as it can be known without DNS. */
export type WebhookTarget = {
  kind: 'ok';
  /** The URL as it is requested: normalised by the WHATWG rules. A credential: it must not reach a log. */
  url: string;
  /** What of it is asked for: path and query. */
  path: string;
  /** Scheme, host and port if it is not the usual one; may be logged. */
  origin: string;
  /** Host without brackets: a name, or an address. */
  hostname: string;
  port: number;
  /** Registrable domain, or address group: {@link siteOf}. */
  site: string;
  /** SHA-256 of `url` in hexadecimal, for keys and logs. */
  urlHash: string;
};

/** A URL that webhooks may not go to. `message` says what to change; of the URL it holds host and port at most. */
export type RefusedUrl = {
  kind: 'refused';
  code: UrlProblem['code'] | 'denied_address' | 'denied_name' | 'denied_port' | 'plain_http' | 'denied_by_project';
  message: string;
};

/** Each URL is judged when its event is taken in, before each request, and for each event anew. */
const MAX_KEPT_VERDICTS = 4_096;

export type UrlVerdict = WebhookTarget | RefusedUrl;

export type WebhookPolicy = {
  /** Judges a URL by everything that needs no DNS. */
  judgeUrl(text: string): UrlVerdict;
  /** Judges an address that the host of the target has, or is. `reason` completes "…, which is". */
  judgeAddress(target: Pick<WebhookTarget, 'url'>, address: string): AddressVerdict;
};

export type PolicySettings = {
  /** Entries of RUNLANE_WEBHOOK_ALLOW. */
  allow: readonly string[];
  /** Entries of RUNLANE_WEBHOOK_DENY. */
  deny: readonly string[];
  /** Addresses and CIDRs of the machine and its own network, denied like entries of `deny`; none by default. */
  own?: readonly string[];
  /** `webhooks.url` of the project's langgraph.json; none by default. */
  project?: ProjectUrlRules;
};

/** Thrown: WebhookConfigError, when an entry of the settings cannot be read. */
export function createWebhookPolicy({ allow, deny, own = [], project = UNRESTRICTED }: PolicySettings): WebhookPolicy {
  const rules = parseOriginRules(allow);
  const denied = parseDeniedHosts(deny);
  const ownHosts = parseDeniedHosts(own);
  const rulesByHost = Map.groupBy(rules, ({ hostname }) => hostname);
  const isPermitted = (url: URL): boolean =>
    rulesByHost.get(hostnameOf(url))?.some((rule) => permits(rule, url)) ?? false;

  const judgeAddress = (url: URL, address: string): AddressVerdict => {
    if (project.disableLoopback && isLoopback(address)) {
      return { kind: 'denied', reason: 'loopback (webhooks.url.disable_loopback in langgraph.json)' };
    }
    if (isPermitted(url)) return { kind: 'allowed' };
    const verdict = classifyAddress(address);
    if (verdict.kind === 'denied') return verdict;
    const range = deniedRange(address, denied);
    if (range !== null) return { kind: 'denied', reason: `in RUNLANE_WEBHOOK_DENY (${range})` };
    const ownRange = deniedRange(address, ownHosts);
    return ownRange === null ? verdict : { kind: 'denied', reason: `of this machine or its network (${ownRange})` };
  };

  const judgeHost = (url: URL): RefusedUrl | null => {
    const hostname = hostnameOf(url);
    if (parseAddress(hostname) !== null) {
      const verdict = judgeAddress(url, hostname);
      return verdict.kind === 'allowed'
        ? null
        : refused('denied_address', `Webhooks may not go to ${hostname}, which is ${verdict.reason}.`);
    }
    if (isPermitted(url)) return null;
    const reason = deniedNameReason(hostname, denied);
    return reason === null ? null : refused('denied_name', `Webhooks may not go to ${hostname}, because ${reason}.`);
  };

  const judgeUrl = (text: string): UrlVerdict => {
    const parsed = parseWebhookUrl(text);
    if (parsed.kind === 'refused') return parsed;
    const { url } = parsed;
    return (
      judgeHost(url) ??
      (isPermitted(url) ? null : judgeTransport(url)) ??
      judgeByProject(url, text, project) ??
      targetOf(url)
    );
  };

  return {
    // The settings never change, so a verdict without DNS is good for as long as the policy is.
    judgeUrl: keeping(MAX_KEPT_VERDICTS, judgeUrl),
    judgeAddress: (target, address) => judgeAddress(new URL(target.url), address),
  };
}

function judgeTransport(url: URL): RefusedUrl | null {
  if (url.protocol !== 'https:') {
    return refused('plain_http', `Webhooks to ${url.host} need https; RUNLANE_WEBHOOK_ALLOW can permit ${url.origin}.`);
  }
  if (portOf(url) === 443) return null;
  return refused(
    'denied_port',
    `Webhooks go to port 443, not ${url.port}; RUNLANE_WEBHOOK_ALLOW can permit ${url.origin}.`,
  );
}

function judgeByProject(url: URL, text: string, project: ProjectUrlRules): RefusedUrl | null {
  const hostname = hostnameOf(url);
  const because = (key: string, what: string): RefusedUrl =>
    refused('denied_by_project', `${what}: webhooks.url.${key} in langgraph.json does not permit it.`);
  if (project.requireHttps && url.protocol !== 'https:') return because('require_https', 'The URL has no https');
  if (project.allowedDomains.length > 0 && !project.allowedDomains.some((pattern) => matchesHost(hostname, pattern))) {
    return because('allowed_domains', `The host is ${hostname}`);
  }
  if (project.allowedPorts !== null && !project.allowedPorts.includes(portOf(url))) {
    return because('allowed_ports', `The port is ${portOf(url)}`);
  }
  if (project.maxUrlLength !== null && Math.max(text.length, url.href.length) > project.maxUrlLength) {
    return because('max_url_length', `The URL has ${Math.max(text.length, url.href.length)} characters`);
  }
  if (project.disableLoopback && /(^|\.)localhost$|^(host|gateway)\.docker\.internal$/.test(hostname)) {
    return because('disable_loopback', `The host is ${hostname}`);
  }
  return null;
}

function targetOf(url: URL): WebhookTarget {
  const hostname = hostnameOf(url);
  return {
    kind: 'ok',
    url: url.href,
    path: `${url.pathname}${url.search}`,
    origin: url.origin,
    hostname,
    port: portOf(url),
    site: siteOf(hostname),
    urlHash: hash('sha256', url.href),
  };
}

function refused(code: RefusedUrl['code'], message: string): RefusedUrl {
  return { kind: 'refused', code, message };
}
