import { fileURLToPath } from 'node:url';

/** A V8 CPU profile as `--cpu-prof` writes it, as far as it is used here. Times are microseconds. */
export type CpuProfile = {
  nodes: ProfileNode[];
  startTime: number;
  /** Ids of nodes. */
  samples: number[];
  /** Time between a sample and the one before; the first counts from `startTime`. */
  timeDeltas: number[];
};

/** A function called by one chain of callers. */
export type ProfileNode = {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
};

/** A span of the monotonic clock, in microseconds. */
export type TimeWindow = { fromUs: number; toUs: number };

/** What a thread did within the windows. Idle time is in `totalUs` only. */
export type TimeSpent = {
  totalUs: number;
  busyUs: number;
  /** Self time by function, `name  file:line`, longest first. */
  functions: [name: string, us: number][];
  /** Self time by package, longest first; what a package calls in Node and V8 is charged to it. */
  packages: [name: string, us: number][];
};

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const IDLE = '(idle)';
const TOP_FUNCTIONS = 25;
const TOP_PACKAGES = 12;

/** Adds up the samples that lie in the windows. */
export function timeSpent(profile: CpuProfile, windows: readonly TimeWindow[]): TimeSpent {
  const byNode = new Map<number, number>();
  let atUs = profile.startTime;
  profile.samples.forEach((id, index) => {
    atUs += profile.timeDeltas[index] ?? 0;
    if (!windows.some(({ fromUs, toUs }) => atUs >= fromUs && atUs < toUs)) return;
    // A sample stands for the time until the next one.
    byNode.set(id, (byNode.get(id) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  });

  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const callers = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let totalUs = 0;
  let busyUs = 0;
  for (const [id, us] of byNode) {
    const node = nodes.get(id);
    if (node === undefined) continue;
    totalUs += us;
    if (node.callFrame.functionName === IDLE) continue;
    busyUs += us;
    add(functions, describe(node), us);
    add(packages, packageInCharge(id, nodes, callers), us);
  }
  return { totalUs, busyUs, functions: longestFirst(functions), packages: longestFirst(packages) };
}

/** Lines for people: how busy the thread was, then packages and functions by self time. */
export function describeTime({ totalUs, busyUs, functions, packages }: TimeSpent): string[] {
  const line = ([name, us]: [string, number]): string =>
    `${(us / 1_000).toFixed(0).padStart(8)} ms ${((us / busyUs) * 100).toFixed(1).padStart(5)} %  ${name}`;
  const busy = ((busyUs / totalUs) * 100).toFixed(0);
  return [
    `busy ${busy} % of ${(totalUs / 1_000_000).toFixed(1)} s measured; shares are of the busy time`,
    'self time by package, with what it calls in Node and V8',
    ...packages.slice(0, TOP_PACKAGES).map(line),
    'self time by function',
    ...functions.slice(0, TOP_FUNCTIONS).map(line),
  ];
}

function add(times: Map<string, number>, name: string, us: number): void {
  times.set(name, (times.get(name) ?? 0) + us);
}

function longestFirst(times: Map<string, number>): [string, number][] {
  return [...times].toSorted(([, a], [, b]) => b - a);
}

function describe({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name}  ${shortFile(url)}:${lineNumber + 1}`;
}

/** The package of the function or of its nearest caller that has one; else the function's own description. */
function packageInCharge(
  id: number,
  nodes: ReadonlyMap<number, ProfileNode>,
  callers: ReadonlyMap<number, number>,
): string {
  let isCalledInNode = false;
  for (let at: number | undefined = id; at !== undefined; at = callers.get(at)) {
    const frame = nodes.get(at)?.callFrame;
    if (frame === undefined) break;
    if (frame.url.startsWith('file:')) return packageOf(shortFile(frame.url));
    if (frame.url.startsWith('node:')) isCalledInNode = true;
    // Such as (garbage collector): nobody's in particular.
    else if (at === id && frame.functionName.startsWith('(')) return frame.functionName;
  }
  return isCalledInNode ? 'node alone' : 'native code alone';
}

/** Relative to the checkout, or from the package's name on. */
function shortFile(url: string): string {
  if (!url.startsWith('file:')) return url;
  const path = fileURLToPath(url);
  const inPackages = path.lastIndexOf('/node_modules/');
  if (inPackages >= 0) return path.slice(inPackages + '/node_modules/'.length);
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

/** The npm package, or the folder of our own package or service. */
function packageOf(file: string): string {
  const [first = file, second = ''] = file.split('/');
  return first.startsWith('@') || ['packages', 'services', 'test'].includes(first) ? `${first}/${second}` : first;
}
