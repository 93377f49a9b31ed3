/** Which requests are answered, judged by their headers. */

/** The headers that are looked at; null: absent. */
export type RequestFacts = {
  host: string | null;
  /** The origin of the page, if it is configured; otherwise it follows from `host`. */
  publicOrigin: string | null;
  origin: string | null;
  secFetchSite: string | null;
  contentType: string | null;
  token: string | null;
  cookieToken: string | null;
};

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether only this machine can reach the address. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}

/** A foreign site may let its own name resolve to this machine (DNS rebinding); then the name in `Host` reveals it. */
export function isLoopbackHost(host: string | null): boolean {
  return host !== null && LOOPBACK_NAMES.has(host.toLowerCase().replace(/:\d+$/, ''));
}

/** Why an action is refused, as a sentence; null when it comes from the console's own page. */
export function actionProblem(facts: RequestFacts): string | null {
  if (facts.contentType?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json') {
    return 'An action is asked for as application/json.';
  }
  if (facts.secFetchSite !== null && facts.secFetchSite !== 'same-origin') {
    return 'An action is asked for by the page of the console, and this comes from another site.';
  }
  if (facts.origin !== null && !isOwn(facts.origin, facts)) {
    return (
      `An action is asked for by the page of the console, and this comes from another origin, ${facts.origin}. If that is where ` +
      'people reach it, set RUNLANE_CONSOLE_URL to it.'
    );
  }
  if (!facts.token || facts.token !== facts.cookieToken) {
    return 'The page is older than the console, or cookies are off: load it again.';
  }
  return null;
}

function isOwn(origin: string, { publicOrigin, host }: RequestFacts): boolean {
  if (publicOrigin !== null) return origin === publicOrigin;
  return URL.canParse(origin) && host !== null && new URL(origin).host === host.toLowerCase();
}
