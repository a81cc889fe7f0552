/** The default sleep in milliseconds. It may delay results, but it is short compared with a training step or the time per token. */
const REST_MS = 0.2;

/**
 * Makes this thread sleep in each turn of its event loop. While a result is pending, Dawn polls in every turn, which takes a whole core
 * from a driver that computes on the CPU. The sleep itself doesn't cause further turns of the loop.
 */
export function restAtEachTurn(milliseconds = REST_MS): void {
  const { setImmediate } = globalThis;
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const rest = (): void => {
    Atomics.wait(cell, 0, 0, milliseconds);
    setImmediate(rest).unref();
  };
  setImmediate(rest).unref();
}
