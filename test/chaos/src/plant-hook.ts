/** Preloaded into all threads of a service: its modules and statements are loaded with the fault that the query names. */
import fs from 'node:fs';
import { registerHooks, syncBuiltinESMExports } from 'node:module';
import { PLANTS } from './plants.ts';

const plant = PLANTS.get(new URL(import.meta.url).searchParams.get('plant') ?? '');
if (plant === undefined) throw new Error('plant-hook.ts needs the name of a plant.');
const { file, find, replace } = plant;

function planted(source: string): string {
  if (!source.includes(find)) throw new Error(`${file} has no text ${find} to plant a fault into.`);
  return source.replaceAll(find, replace);
}

if (file.endsWith('.sql')) {
  const read = fs.readFileSync;
  const reading = (...args: Parameters<typeof read>) => {
    const found = read(...args);
    return typeof found === 'string' && String(args[0]).endsWith(`/${file}`) ? planted(found) : found;
  };
  fs.readFileSync = reading as typeof read;
  syncBuiltinESMExports();
} else {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/${file}`)) return loaded;
      const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: planted(source) };
    },
  });
}
