/** The promise's result. If it takes longer, rejects with the error from `late` and drops the result. */
export async function within<T>(milliseconds: number, promise: Promise<T>, late: () => unknown): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
