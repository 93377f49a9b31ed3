/**
 * Hears of the end of what a function of a project has returned, and of nothing else: neither its value nor its error is
 * touched. The promise that comes back stands for the one that was given, so that each has one listener: V8 tells the
 * async callers of an error only along promises that have one, and an error that nobody handles stays so.
 *
 * @param result anything; what is no promise is returned as it is
 * @param end called once, when the promise has settled; not called for anything else
 */
import { types } from 'node:util';

export function followPromise(result: unknown, end: () => void): unknown {
  if (!types.isPromise(result)) return result;
  // What a project has derived from Promise has members of its own, which a promise made of it would lack.
  if (Reflect.getPrototypeOf(result) !== Promise.prototype) {
    result.then(end, end);
    return result;
  }
  return result.then(
    (value) => {
      end();
      return value;
    },
    (error: unknown) => {
      end();
      throw error;
    },
  );
}
