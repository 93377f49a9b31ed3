import { WebhookConfigError } from './config-error.ts';
import { headerProblem } from './header-rules.ts';
import { fillTemplate } from './header-templates.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { HostPattern } from './host-pattern.ts';

/** `webhooks.url` of a langgraph.json. It only narrows the policy. */
export type ProjectUrlRules = {
  requireHttps: boolean;
  /** Empty: any host. */
  allowedDomains: HostPattern[];
  /** Null: any port. */
  allowedPorts: number[] | null;
  /** In characters; null: the policy's own limit. */
  maxUrlLength: number | null;
  disableLoopback: boolean;
};

/** The `webhooks` section of a langgraph.json. */
export type ProjectWebhooks = {
  /** Go with every webhook; names in lower case, templates filled in. Secrets: they must not reach a log. */
  headers: Record<string, string>;
  url: ProjectUrlRules;
};

export const UNRESTRICTED: ProjectUrlRules = {
  requireHttps: false,
  allowedDomains: [],
  allowedPorts: null,
  maxUrlLength: null,
  disableLoopback: false,
};

const DEFAULT_PREFIX = 'LG_WEBHOOK_';
/** A prefix under which the services' own secrets would be in reach. */
const OWN_VARIABLES = ['RUNLANE_', 'DATABASE_URL', 'KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'];

/**
 * Reads the `webhooks` section of a langgraph.json, in LangGraph's own format.
 *
 * @param section the value under `webhooks`; undefined or null when there is none
 * @param environment where the templates of `headers` find their variables
 * Thrown: WebhookConfigError with every problem: unknown keys, wrong types, templates without a value, headers that
 *   cannot be set. The values of headers and variables are not quoted.
 */
export function readProjectWebhooks(
  section: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): ProjectWebhooks {
  const problems: string[] = [];
  const read = new SectionReader(problems);
  const webhooks = read.object(section, 'webhooks', ['env_prefix', 'headers', 'url']);
  const url = read.object(webhooks['url'], 'webhooks.url', [
    'require_https',
    'allowed_domains',
    'allowed_ports',
    'max_url_length',
    'disable_loopback',
  ]);
  const result: ProjectWebhooks = {
    headers: readHeaders(read, webhooks, environment),
    url: {
      requireHttps: read.flag(url['require_https'], 'webhooks.url.require_https'),
      allowedDomains: read.list(url['allowed_domains'], 'webhooks.url.allowed_domains', DOMAINS, parseDomain) ?? [],
      allowedPorts: read.list(url['allowed_ports'], 'webhooks.url.allowed_ports', PORTS, parsePort),
      maxUrlLength: read.value(url['max_url_length'], 'webhooks.url.max_url_length', LENGTH, parseLength),
      disableLoopback: read.flag(url['disable_loopback'], 'webhooks.url.disable_loopback'),
    },
  };
  if (problems.length > 0) throw new WebhookConfigError(problems.map((problem) => `langgraph.json: ${problem}`));
  return result;
}

const DOMAINS = 'must be a list of host names, or *.name for all names below it';
const PORTS = 'must be a list of ports from 1 to 65535';
const LENGTH = 'must be a number of characters from 1';
const PREFIX = 'must be the beginning of a variable name, such as LG_WEBHOOK_, and none of a variable of Runlane';

const parseDomain = (value: unknown): HostPattern | null =>
  typeof value === 'string' ? parseHostPattern(value) : null;
const parsePort = (value: unknown): number | null => (isWholeNumber(value) && value <= 65_535 ? value : null);
const parseLength = (value: unknown): number | null => (isWholeNumber(value) ? value : null);

function isWholeNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function parsePrefix(value: unknown): string | null {
  if (typeof value !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return null;
  return OWN_VARIABLES.some((name) => name.startsWith(value) || value.startsWith(name)) ? null : value;
}

function readHeaders(
  read: SectionReader,
  webhooks: Record<string, unknown>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const prefix = read.value(webhooks['env_prefix'], 'webhooks.env_prefix', PREFIX, parsePrefix) ?? DEFAULT_PREFIX;
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(read.object(webhooks['headers'], 'webhooks.headers', null))) {
    const where = `webhooks.headers ${JSON.stringify(name.slice(0, 100))}`;
    const filled = typeof template === 'string' ? fillTemplate(template, environment, prefix) : null;
    if (filled === null) read.problem(where, 'must be a text');
    else if (filled.kind === 'problem') read.problem(where, filled.problem);
    else if (Object.hasOwn(headers, name.toLowerCase())) read.problem(where, 'stands there twice');
    else {
      const problem = headerProblem(name, filled.text);
      if (problem === null) headers[name.toLowerCase()] = filled.text;
      else read.problem(where, problem);
    }
  }
  return headers;
}

/** Takes a section apart and collects what is wrong with it, so that all of it can be reported at once. */
class SectionReader {
  readonly #problems: string[];

  constructor(problems: string[]) {
    this.#problems = problems;
  }

  problem(where: string, what: string): void {
    this.#problems.push(`${where} ${what}.`);
  }

  /** @param known the keys it may have; null: any */
  object(value: unknown, where: string, known: readonly string[] | null): Record<string, unknown> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.problem(where, 'must be an object');
      return {};
    }
    const entries = Object.entries(value);
    for (const [key] of entries) {
      if (known !== null && !known.includes(key)) {
        this.problem(where, `has the unknown key ${JSON.stringify(key)}; it can have ${known.join(', ')}`);
      }
    }
    return Object.fromEntries(entries);
  }

  flag(value: unknown, where: string): boolean {
    return (
      this.value(value, where, 'must be true or false', (flag) => (typeof flag === 'boolean' ? flag : null)) ?? false
    );
  }

  value<T>(value: unknown, where: string, rule: string, parse: (value: unknown) => T | null): T | null {
    if (value === undefined || value === null) return null;
    const parsed = parse(value);
    if (parsed === null) this.problem(where, rule);
    return parsed;
  }

  list<T>(value: unknown, where: string, rule: string, parse: (value: unknown) => T | null): T[] | null {
    return this.value(value, where, rule, (list) => {
      if (!Array.isArray(list)) return null;
      const parsed = list.map((element: unknown) => parse(element));
      return parsed.every((element): element is NonNullable<typeof element> & T => element !== null) ? parsed : null;
    });
  }
}
