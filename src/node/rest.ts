/** What an answer may come later for that: little beside a step, and a token. */
const REST_MS = 0.2;

/**
 * From now on this thread rests at each turn of its event loop. While something is awaited, Dawn asks for it in one turn after
 * the other, which takes a whole core from a driver that computes on the processor. It turns nothing by itself.
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
