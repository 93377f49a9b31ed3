/** What Node 20 lacks of the language: the build puts these in the places of `Promise.withResolvers` and `Map.groupBy`. */

/** `Promise.withResolvers`. */
export function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: PromiseWithResolvers<T>['resolve'] = unset;
  let reject: PromiseWithResolvers<T>['reject'] = unset;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** `Map.groupBy`. */
export function groupBy<K, T>(items: Iterable<T>, keyOf: (item: T, index: number) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index);
    index += 1;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function unset(): never {
  throw new Error('A promise was made without its executor.');
}
