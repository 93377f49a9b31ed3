import { WebhookConfigError } from './config-error.ts';
import { headerProblem } from './header-rules.ts';
import { fillTemplate } from './header-templates.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { HostPattern } from './host-pattern.ts';
import { SectionReader } from './section-reader.ts';

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
  /**
   * Go with every webhook, and therefore only where `url.allowedDomains` names all receivers; names in lower case, templates
   * filled in. Secrets: they must not reach a log.
   */
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
/** Prefixes under which secrets of the services, or of the cloud around them, would be in reach. */
const SECRET_VARIABLES = ['RUNLANE_', 'DATABASE_URL', 'KAFKA_', 'SCHEMA_REGISTRY_', 'PG', 'AWS_', 'AZURE_', 'GOOGLE_'];

/**
 * Reads the `webhooks` section of a langgraph.json, in LangGraph's own format.
 *
 * @param section the value under `webhooks`; undefined or null when there is none
 * @param environment where the templates of `headers` find their variables
 * Thrown: WebhookConfigError with every problem: unknown keys, wrong types, templates without a value, headers that
 *   cannot be set, or would go to any URL that a producer names. The values of headers and variables are not quoted.
 */
export function readProjectWebhooks(
  section: unknown,
  environment: Readonly<Record<string, string | undefined>>,
): ProjectWebhooks {
  const problems: string[] = [];
  const read = new SectionReader(problems);
  const webhooks = readSection(read, section);
  const result: ProjectWebhooks = {
    headers: readHeaders(read, webhooks, environment),
    url: readUrlRules(read, webhooks),
  };
  if (Object.keys(result.headers).length > 0 && result.url.allowedDomains.length === 0) {
    read.problem(
      'webhooks.headers',
      'would go to whatever URL a producer names: list the receivers that may have them in webhooks.url.allowed_domains',
    );
  }
  throwIfAny(problems);
  return result;
}

/**
 * Reads `webhooks.url` alone: admission sends nothing, and need not have the variables of the headers.
 *
 * Thrown: WebhookConfigError with every problem of the rules.
 */
export function readProjectUrlRules(section: unknown): ProjectUrlRules {
  const problems: string[] = [];
  const read = new SectionReader(problems);
  const rules = readUrlRules(read, readSection(read, section));
  throwIfAny(problems);
  return rules;
}

function readSection(read: SectionReader, section: unknown): Record<string, unknown> {
  return read.object(section, 'webhooks', ['env_prefix', 'headers', 'url']);
}

function readUrlRules(read: SectionReader, webhooks: Record<string, unknown>): ProjectUrlRules {
  const url = read.object(webhooks['url'], 'webhooks.url', [
    'require_https',
    'allowed_domains',
    'allowed_ports',
    'max_url_length',
    'disable_loopback',
  ]);
  return {
    requireHttps: read.flag(url['require_https'], 'webhooks.url.require_https'),
    allowedDomains: read.list(url['allowed_domains'], 'webhooks.url.allowed_domains', DOMAINS, parseDomain) ?? [],
    allowedPorts: read.list(url['allowed_ports'], 'webhooks.url.allowed_ports', PORTS, parsePort),
    maxUrlLength: read.value(url['max_url_length'], 'webhooks.url.max_url_length', LENGTH, parseLength),
    disableLoopback: read.flag(url['disable_loopback'], 'webhooks.url.disable_loopback'),
  };
}

function throwIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new WebhookConfigError(problems.map((problem) => `langgraph.json: ${problem}`));
}

const DOMAINS = 'must be a list of host names, or *.name for all names below it';
const PORTS = 'must be a list of ports from 1 to 65535';
const LENGTH = 'must be a number of characters from 1';
const PREFIX =
  'must be the beginning of a variable name, such as LG_WEBHOOK_, and none of variables of Runlane or of a cloud';

const parseDomain = (value: unknown): HostPattern | null =>
  typeof value === 'string' ? parseHostPattern(value) : null;
const parsePort = (value: unknown): number | null => (isWholeNumber(value) && value <= 65_535 ? value : null);
const parseLength = (value: unknown): number | null => (isWholeNumber(value) ? value : null);

function isWholeNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function parsePrefix(value: unknown): string | null {
  if (typeof value !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return null;
  return SECRET_VARIABLES.some((name) => name.startsWith(value) || value.startsWith(name)) ? null : value;
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
