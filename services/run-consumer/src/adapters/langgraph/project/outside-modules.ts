/**
 * Modules that a project's modules import from outside of its folder, such as linked packages of a workspace. Worker threads
 * report them while they load graphs, so that they can be watched.
 */
import { registerHooks } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BroadcastChannel } from 'node:worker_threads';

const CHANNEL = 'runlane.outside-modules';

/**
 * Call this in a worker thread, before its graphs load.
 *
 * @param directory the folder of the project
 */
export function tellOutsideModules(directory: string): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.unref();
  const inside = pathToFileURL(directory + sep).href;
  const told = new Set<string>();
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      const resolved = nextResolve(specifier, context);
      const { url } = resolved;
      const parent = context.parentURL ?? '';
      if (!url.startsWith('file:') || url.startsWith(inside) || url.includes('/node_modules/')) return resolved;
      if ((parent.startsWith(inside) || told.has(parent)) && !told.has(url)) {
        told.add(url);
        channel.postMessage(fileURLToPath(url));
      }
      return resolved;
    },
  });
}

/** Calls back with the absolute path of each such module of this process' threads, until the signal aborts. */
export function hearOutsideModules(signal: AbortSignal, onModule: (file: string) => void): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.unref();
  channel.onmessage = ({ data }) => {
    if (typeof data === 'string') onModule(data);
  };
  signal.addEventListener('abort', () => channel.close(), { once: true });
}
