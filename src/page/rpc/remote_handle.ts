import { untilAborted } from '../../core/async/abort';
import type { WebVeraError } from '../../core/errors/error';
import type { Handle } from '../../worker/protocol';
import type { Link, Losses } from './link';

/**
 * The handle of an object that was loaded in a worker. The handle of a model is valid until the device or the worker is lost, that of a
 * tokenizer until the worker is lost.
 */
export class RemoteHandle {
  readonly #link: Link;
  readonly #within: keyof Losses;
  readonly #make: ((signal: AbortSignal | undefined) => Promise<void>) | undefined;
  #handle: Handle;
  /** The session's losses when the object was last loaded. */
  #before: Losses;
  #making: Promise<void> | undefined;

  /** `make`: loads the object again after it was lost, and calls `move`. */
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

  /** The error that reported the loss; undefined unless the object is lost. */
  get loss(): WebVeraError | undefined {
    const last = this.#link.losses[this.#within];
    return last === this.#before[this.#within] ? undefined : last;
  }

  /** The object's handle in the worker. Throws `loss` if the object is lost. */
  get handle(): Handle {
    if (this.loss !== undefined) throw this.loss;
    return this.#handle;
  }

  /** The handle, also after a lost device, as long as the worker is the same; undefined after a lost worker. */
  get remembered(): Handle | undefined {
    return this.#link.losses.worker === this.#before.worker ? this.#handle : undefined;
  }

  /** Records the new handle after the object was loaded again. */
  move(handle: Handle): void {
    this.#handle = handle;
    this.#before = this.#link.losses;
  }

  /** Loads the object again if it is lost. Concurrent calls share one load. Rejects with `loss` if the constructor got no `make`. */
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
        // If the attempt in progress fails, or its caller cancels it, this call tries again.
        const over = this.#making.catch(() => {});
        await untilAborted(over, signal);
      }
    }
  }
}
