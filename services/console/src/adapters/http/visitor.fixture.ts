/** A browser as far as redirects and cookies go. */

export type Visited = { status: number; url: string; text: string };

export type Visitor = {
  /** Follows redirects to the end. */
  get: (url: URL) => Promise<Visited>;
  /** Follows redirects up to the first address that fits, which is not asked for. */
  until: (url: URL, fits: (url: URL) => boolean) => Promise<URL>;
  post: (url: URL, body: object, headers: Record<string, string>) => Promise<Visited>;
  /** Everything that was asked for. */
  visited: string[];
  /** The line that has last set it. */
  setCookie: (name: string) => string | undefined;
};

const MOST_REDIRECTS = 15;

export function visit(): Visitor {
  /** By host with its port, which browsers do not tell apart: one jar each is what two hosts would have. */
  const jars = new Map<string, Map<string, { value: string; path: string }>>();
  const lines = new Map<string, string>();
  const visited: string[] = [];
  const jarOf = (url: URL) => {
    const jar = jars.get(url.host) ?? new Map<string, { value: string; path: string }>();
    jars.set(url.host, jar);
    return jar;
  };
  const cookiesFor = (url: URL) =>
    [...jarOf(url)]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  const keep = (url: URL, response: Response): void => {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      lines.set(name, line);
      const path = attributes.find((text) => text.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
      const isGone = value === '' || attributes.some((text) => /^max-age=0$/i.test(text));
      if (isGone) jarOf(url).delete(name);
      else jarOf(url).set(name, { value, path });
    }
  };
  const one = async (url: URL, init: RequestInit = {}) => {
    visited.push(url.href);
    const headers = new Headers(init.headers);
    headers.set('cookie', cookiesFor(url));
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    keep(url, response);
    return response;
  };
  const follow = async (url: URL, fits: (url: URL) => boolean) => {
    let place = url;
    for (let count = 0; count < MOST_REDIRECTS; count += 1) {
      if (fits(place)) return { place, response: null };
      const response = await one(place);
      const next = response.headers.get('location');
      if (next === null) return { place, response };
      await response.body?.cancel();
      place = new URL(next, place);
    }
    throw new Error(`More than ${MOST_REDIRECTS} redirects, the last to ${place.href}.`);
  };
  return {
    visited,
    setCookie: (name) => lines.get(name),
    async get(url) {
      const { place, response } = await follow(url, () => false);
      return { status: response?.status ?? 0, url: place.href, text: (await response?.text()) ?? '' };
    },
    async until(url, fits) {
      const { place, response } = await follow(url, fits);
      if (response !== null)
        throw new Error(`It ended at ${place.href} with ${response.status}: ${await response.text()}`);
      return place;
    },
    async post(url, body, headers) {
      const response = await one(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, url: url.href, text: await response.text() };
    },
  };
}
