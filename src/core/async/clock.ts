/** The current time and timers; tests pass a clock that they control. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `call` once after the delay. The returned function cancels it. */
  after(milliseconds: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves after the given number of milliseconds. Rejects with the signal's reason as soon as the signal is aborted. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      callOff();
      reject(signal?.reason);
    };
    const callOff = clock.after(milliseconds, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Resolves with the promise's result. If the promise takes longer than `milliseconds`, rejects with the error from `late` and ignores the
 * result.
 */
export function within<T>(
  milliseconds: number,
  promise: Promise<T>,
  late: () => unknown,
  clock = systemClock,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const callOff = clock.after(milliseconds, () => reject(late()));
    promise.then(resolve, reject).finally(callOff);
  });
}
