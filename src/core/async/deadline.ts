/** The promise's result, unless it takes longer: then rejects with what `late` gives, and the result is dropped. */
export async function within<T>(milliseconds: number, promise: Promise<T>, late: () => unknown): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
