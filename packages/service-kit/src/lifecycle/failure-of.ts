/** The failure of a loop that ends when it is told to: it never resolves, so that only a failure takes the process down. */
export function failureOf(loop: Promise<void>): Promise<never> {
  return new Promise((_resolve, reject) => {
    loop.catch(reject);
  });
}
