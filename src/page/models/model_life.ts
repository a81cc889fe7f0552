import type { Link } from '../rpc/link';
import type { RemoteHandle } from '../rpc/remote_handle';

/** The common end of a model and the models with adapters on it. */
export class ModelLife {
  readonly #link: Link;
  /** The place of the base model. A recovery moves it first, and disposing of it frees all models over it. */
  readonly #base: RemoteHandle;
  #disposal: Promise<void> | undefined;

  constructor(link: Link, base: RemoteHandle) {
    this.#link = link;
    this.#base = base;
  }

  get disposed(): boolean {
    return this.#disposal !== undefined;
  }

  /** Resolves when the models are disposed of, however often it is called. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const handle = this.#base.remembered;
    if (this.#link.state !== 'closed' && handle !== undefined) await this.#link.request('disposeModel', handle);
  }
}
