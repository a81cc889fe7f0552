import type { WebVeraError } from '../../core/errors/error';
import type { Handle } from '../../worker/protocol';
import type { Link, Losses } from './link';

/**
 * Where something is: in a worker, under a name, until that is lost. A model is lost with the device too, a tokenizer only with
 * the worker.
 */
export class Place {
  readonly #link: Link;
  readonly #within: keyof Losses;
  #handle: Handle;
  /** What had been lost before it came here. */
  #before: Losses;

  constructor(link: Link, handle: Handle, within: keyof Losses) {
    this.#link = link;
    this.#within = within;
    this.#handle = handle;
    this.#before = link.losses;
  }

  /** What it was lost by. */
  get loss(): WebVeraError | undefined {
    const last = this.#link.losses[this.#within];
    return last === this.#before[this.#within] ? undefined : last;
  }

  /** What the worker calls it. Throws what it was lost by. */
  get handle(): Handle {
    if (this.loss !== undefined) throw this.loss;
    return this.#handle;
  }

  /** As `handle`, also of what is lost, as long as its worker remembers it. */
  get remembered(): Handle | undefined {
    return this.#link.losses.worker === this.#before.worker ? this.#handle : undefined;
  }

  /** It was made again. */
  move(handle: Handle): void {
    this.#handle = handle;
    this.#before = this.#link.losses;
  }
}
