import type { History, Problem } from '../history.ts';

/** I13: nobody has connected to the denied address, and what services tell about themselves has none of the secrets. */
export function judgeSecrets({ deniedConnections, told, secrets }: History): Problem[] {
  const connected = deniedConnections === 0 ? [] : [`${deniedConnections} connections to a denied address`];
  const leaked = [...secrets].flatMap(([name, secret]) => {
    const places = told.filter(({ text }) => text.includes(secret));
    const [first] = places;
    if (first === undefined) return [];
    const at = first.text.indexOf(secret);
    const near = first.text.slice(Math.max(0, at - 120), at);
    return [`${name} is in ${places.length} texts, such as ${first.where}: ${near}…`];
  });
  return [...connected, ...leaked].map((what) => ({ law: 'I13', thread: null, what }));
}
