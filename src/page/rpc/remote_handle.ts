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

  /** The error by which it was lost, if it was. */
  get loss(): WebVeraError | undefined {
    const last = this.#link.losses[this.#within];
    return last === this.#before[this.#within] ? undefined : last;
  }

  /** Its handle in the worker. Throws the error by which it was lost. */
  get handle(): Handle {
    if (this.loss !== undefined) throw this.loss;
    return this.#handle;
  }

  /** As `handle`, but also after a lost device, as long as its worker is the same. */
  get remembered(): Handle | undefined {
    return this.#link.losses.worker === this.#before.worker ? this.#handle : undefined;
  }

  /** Records the new handle after it was made again. */
  move(handle: Handle): void {
    this.#handle = handle;
    this.#before = this.#link.losses;
  }

  /** Makes it again if it was lost, once for all callers. Rejects with the loss if it can't be made again. */
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
        // If it fails, or its caller cancels it, the next call tries again.
        const over = this.#making.catch(() => {});
        await untilAborted(over, signal);
      }
    }
  }
}
