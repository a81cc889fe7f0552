import { Serial } from '../core/async/serial';
import { WebVeraError } from '../core/errors/error';
import type { DeviceHost } from './device_host';

/** Runs code that creates GPU objects within error scopes, and converts the GPU's errors to `WebVeraError`s. */
export class ErrorScopes {
  readonly #host: DeviceHost;
  readonly #turns = new Serial();

  constructor(host: DeviceHost) {
    this.#host = host;
  }

  /**
   * Runs one `body` at a time, because a device's error scopes form a stack. Throws `out_of_memory`, or `internal` for a validation error.
   * Before it throws, `undo` frees the created objects.
   */
  run<T>(what: string, body: () => Promise<T>, undo: () => void): Promise<T> {
    return this.#turns.run(() => this.#scoped(what, body, undo));
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
      // A lost device rejects every call with an error of its own; the reason for the loss is more useful.
      this.#host.check();
      throw error;
    }
  }
}

/** Creates the error for a device that has no memory for `what`. */
export function outOfMemory(what: string, message: string): WebVeraError {
  return new WebVeraError('out_of_memory', `The GPU has no memory left for ${what}: ${message}`, {
    hint: 'Use a smaller batch, a shorter max_length or a smaller model, or close other tabs.',
  });
}
