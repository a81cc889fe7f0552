/** Milliseconds that a computation runs before it yields to the event loop. */
const STRETCH = 40;

/** Yields to the event loop during a long computation, so that the worker can receive messages and a cancellation. */
export class Breather {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Yields if `STRETCH` milliseconds have passed since the last yield. Call it often. Throws the signal's reason if the signal is aborted.
   */
  async breathe(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#since < STRETCH) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#since = performance.now();
    this.#signal?.throwIfAborted();
  }
}
