import { describeError } from '../../../../scripts/page/library.js';

/**
 * Returns a promise's error, and the seconds until it failed.
 * @param {PromiseLike<unknown>} promise
 */
export async function failure(promise) {
  const start = performance.now();
  const error = await promise.then(
    () => ({ name: 'none', message: 'it succeeded', code: undefined }),
    (/** @type {unknown} */ reason) => describeError(reason),
  );
  return { ...error, seconds: (performance.now() - start) / 1000 };
}
