/** Names and options of all cookies of the console. */
export type ConsoleCookie = { name: string; options: { httpOnly: true; secure: boolean; path: '/' } };

/**
 * Over https their names bind them to the exact host, so that no neighbouring host can set them. Over http, browsers keep cookies
 * by host without the port, so a second console on the same machine shares them.
 */
export function consoleCookie(what: string, publicUrl: URL | null): ConsoleCookie {
  const secure = publicUrl?.protocol === 'https:';
  const name = `runlane_${what}`;
  return { name: secure ? `__Host-${name}` : name, options: { httpOnly: true, secure, path: '/' } };
}
