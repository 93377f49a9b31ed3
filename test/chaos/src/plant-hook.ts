/** Preloaded into all threads of a service: its modules are loaded with the fault that the query names. */
import { registerHooks } from 'node:module';
import { PLANTS } from './plants.ts';

const plant = PLANTS.get(new URL(import.meta.url).searchParams.get('plant') ?? '');
if (plant === undefined) throw new Error('plant-hook.ts needs the name of a plant.');

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/${plant.file}`)) return loaded;
    const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
    if (!source.includes(plant.find)) throw new Error(`${plant.file} has no text ${plant.find} to plant a fault into.`);
    return { ...loaded, source: source.replaceAll(plant.find, plant.replace) };
  },
});
