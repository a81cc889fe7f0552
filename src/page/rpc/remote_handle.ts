import { untilAborted } from '../../core/async/abort';
import type { WebVeraError } from '../../core/errors/error';
import type { Handle } from '../../worker/protocol';
import type { Link, Losses } from './link';

/**
 * The handle of a loaded thing in a worker, valid until the worker or the device is lost. A model is lost with
 * the device; a tokenizer only with the worker.
 */
export class RemoteHandle {
  readonly #link: Link;
  readonly #within: keyof Losses;
  readonly #make: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
  #handle: Handle;
  /** The losses of the session when this handle was made. */
  #before: Losses;
  #making: Promise<void> | undefined;

  /** `make`: loads the thing again after it was lost, and calls `move`. */
  constructor(
    link: Link,
    handle: Handle,
    within: keyof Losses,
    make?: (signal: AbortSignal | undefined) => Promise<void>,
  ) {
    this.#link = link;
    this.#within = within;
    this.#handle = handle;
    this.#before = link.losses;
    this.#make = make;
  }

  /** The error of the loss, if the thing is lost. */
  get loss(): WebVeraError | undefined {
    const last = this.#link.losses[this.#within];
    return last === this.#before[this.#within] ? undefined : last;
  }

  /** The thing's handle in the worker. Throws `loss` if the thing is lost. */
  get handle(): Handle {
    if (this.loss !== undefined) throw this.loss;
    return this.#handle;
  }

  /** As `handle`, but also after a lost device, as long as the worker is the same. Undefined after a lost worker. */
  get remembered(): Handle | undefined {
    return this.#link.losses.worker === this.#before.worker ? this.#handle : undefined;
  }

  /** Records the new handle after the thing was loaded again. */
  move(handle: Handle): void {
    this.#handle = handle;
    this.#before = this.#link.losses;
  }

  /** Loads the thing again if it is lost, once for all callers. Rejects with the loss if there is no way to load it. */
  async revive(signal: AbortSignal | undefined): Promise<void> {
    while (this.loss !== undefined) {
      signal?.throwIfAborted();
      if (this.#make === undefined) throw this.loss;
      if (this.#making === undefined) {
        this.#making = this.#make(signal).finally(() => {
          this.#making = undefined;
        });
        await this.#making;
      } else {
        // If that attempt fails, or its caller cancels it, this call tries again.
        const over = this.#making.catch(() => {});
        await untilAborted(over, signal);
      }
    }
  }
}
