/** A graph in plain JavaScript that a CommonJS module makes, by a factory that takes its time and the run's config. */
import made from './made.cjs';
export const graph = made.default;
