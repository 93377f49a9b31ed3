/** What all cookies of the console have in common. */
export type ConsoleCookie = { name: string; options: { httpOnly: true; secure: boolean; path: '/' } };

/**
 * Over https their names bind them to the very host, so that a neighbouring name can set none of them. Others run beside this
 * one on the same host over http, such as a second console on a machine; those share what browsers keep by host.
 */
export function consoleCookie(what: string, publicUrl: URL | null): ConsoleCookie {
  const secure = publicUrl?.protocol === 'https:';
  const name = `runlane_${what}`;
  return { name: secure ? `__Host-${name}` : name, options: { httpOnly: true, secure, path: '/' } };
}
