/** What a promise resolves with, or what `otherwise` gives where it has not after so many ms. */
export function within<Value>(promise: Promise<Value>, ms: number, otherwise: () => Value): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(otherwise()), ms);
    promise.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
