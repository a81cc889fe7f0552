import { WebVeraError } from '../core/error';
import type { DeviceHost } from './device';

/** Watches what creates GPU objects, and turns what the GPU says about it into errors of ours. */
export class ErrorScopes {
  readonly #host: DeviceHost;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(host: DeviceHost) {
    this.#host = host;
  }

  /**
   * One body at a time, as the device's scopes are a stack. Throws `out_of_memory`, or `internal` for what the GPU
   * finds invalid. If it or `body` throws, `undo` first gives back what was made.
   */
  run<T>(what: string, body: () => Promise<T>, undo: () => void): Promise<T> {
    const turn = this.#turn.then(() => this.#scoped(what, body, undo));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #scoped<T>(what: string, body: () => Promise<T>, undo: () => void): Promise<T> {
    this.#host.check();
    const { device } = this.#host;
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    const outcome = await body().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    try {
      const [memory, validation] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
      this.#host.check();
      if ('error' in outcome) throw outcome.error;
      if (memory !== null) throw outOfMemory(what, memory.message);
      if (validation !== null) throw new WebVeraError('internal', `${what}: ${validation.message}`);
      return outcome.value;
    } catch (error) {
      undo();
      // A lost device rejects all that was asked of it, in words of its own.
      this.#host.check();
      throw error;
    }
  }
}

function outOfMemory(what: string, message: string): WebVeraError {
  return new WebVeraError('out_of_memory', `The GPU has no memory left for ${what}: ${message}`, {
    hint: 'Use a smaller batch, a shorter max_length or a smaller model, or close other tabs.',
  });
}
