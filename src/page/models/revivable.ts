import { untilAborted } from '../../core/async/abort';
import type { RemoteHandle } from '../rpc/remote_handle';

/** Something that can be made again, where it was lost with its worker or its device. */
export class Revivable {
  readonly #place: RemoteHandle;
  readonly #make: (signal: AbortSignal | undefined) => Promise<void>;
  #making: Promise<void> | undefined;

  /** `make` moves the place. */
  constructor(place: RemoteHandle, make: (signal: AbortSignal | undefined) => Promise<void>) {
    this.#place = place;
    this.#make = make;
  }

  /** Resolves once it is there. Who comes while it is being made waits for that. */
  async revive(signal: AbortSignal | undefined): Promise<void> {
    while (this.#place.loss !== undefined) {
      signal?.throwIfAborted();
      if (this.#making === undefined) {
        await this.#begin(signal);
      } else {
        // If it fails, or its caller cancels it, the next call tries again.
        await untilAborted(
          this.#making.catch(() => {}),
          signal,
        );
      }
    }
  }

  async #begin(signal: AbortSignal | undefined): Promise<void> {
    const making = this.#make(signal);
    this.#making = making;
    try {
      await making;
    } finally {
      this.#making = undefined;
    }
  }
}
