import type { Handle } from '../../worker/protocol';
import type { Link } from '../rpc/link';
import type { RemoteHandle } from '../rpc/remote_handle';

/** Disposes of a base model and all models with adapters on it together. These models share one `ModelLife`. */
export class ModelLife {
  readonly #link: Link;
  /**
   * The remote handle of the base model. When lost models are loaded again, this handle is updated first. Disposing of the base model frees
   * all models on it.
   */
  readonly #base: RemoteHandle;
  #disposal: Promise<void> | undefined;

  constructor(link: Link, base: RemoteHandle) {
    this.#link = link;
    this.#base = base;
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /** Disposes of the models once. Every call resolves when that is done. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const handle = this.#handle;
    if (handle === undefined) return;
    await this.#link.request('disposeModel', handle).catch((error: unknown) => {
      // A worker that has ended meanwhile has freed all models.
      if (this.#handle !== undefined) throw error;
    });
  }

  /** The base model's handle; undefined once the session is closed, or the worker that had the model has ended. */
  get #handle(): Handle | undefined {
    return this.#link.state === 'closed' ? undefined : this.#base.remembered;
  }
}
