import { WebVeraError } from '../../core/errors/error';
import type { KeptAdapter } from '../../worker/protocol';

/** The key of the method that prepares a model with adapters for a run, for this library's own use. */
export const runKey: unique symbol = Symbol('run');

/** The part of a model with adapters that a run uses: the method that copies the adapters. */
export interface RunModel {
  [runKey](trained: readonly string[]): KeptForRun;
}

export interface KeptForRun {
  readonly kept: Promise<unknown>;
  /**
   * Call this when the run has ended. If other runs of the model are in progress, it copies the adapters that the run trained. Resolves
   * once each copy is made or has failed.
   */
  close(): Promise<unknown>;
}

/** Holds copies of a model's adapters during runs. If the model is lost, the runs restore the adapters from these copies. */
export class AdapterKeeper {
  readonly #keep: (name: string) => Promise<KeptAdapter>;
  readonly #isLost: () => boolean;
  readonly #kept = new Map<string, Promise<KeptAdapter>>();
  /** Adapters that have changed since they were copied. */
  readonly #stale = new Set<string>();
  #names: readonly string[];
  #runs = 0;

  constructor(names: readonly string[], keep: (name: string) => Promise<KeptAdapter>, isLost: () => boolean) {
    this.#names = names;
    this.#keep = keep;
    this.#isLost = isLost;
  }

  /**
   * Makes copies for a run that trains `trained`. The run begins once `kept` resolves, when each copy is made or has failed. If `close` is
   * called at once, no copies are made for this run.
   */
  begin(trained: readonly string[]): KeptForRun {
    this.#runs += 1;
    // Other calls may have changed these adapters since an earlier run began.
    this.#changed(trained);
    return {
      kept: Promise.resolve().then(() => this.#copies()),
      close: async () => {
        this.#runs -= 1;
        if (this.#runs === 0) this.#kept.clear();
        if (!this.#isLost()) {
          this.#changed(trained);
          await this.#copies();
        }
      },
    };
  }

  /**
   * Records the names of the adapters after a change. An adapter that reuses a name gets a new copy, because the old copy was deleted when
   * an earlier change removed the name.
   */
  update(names: readonly string[]): void {
    this.#names = names;
    for (const name of this.#kept.keys()) if (!names.includes(name)) this.#kept.delete(name);
    this.#ask();
  }

  /** Resolves with the copies of all adapters. Rejects with `not_found` if a copy couldn't be made. */
  async all(): Promise<KeptAdapter[]> {
    try {
      return await Promise.all(this.#names.map((name) => this.#kept.get(name) ?? this.#keep(name)));
    } catch (cause) {
      const message = "The model's adapters were lost with it, because no copies of them were made yet";
      throw new WebVeraError('not_found', message, { hint: 'Load the model and its adapters again.', cause });
    }
  }

  /** Marks the copies of adapters as stale. The copies of a lost model stay as they are, because runs restore the model with them. */
  #changed(names: readonly string[]): void {
    if (!this.#isLost()) for (const name of names) this.#stale.add(name);
  }

  #copies(): Promise<unknown> {
    this.#ask();
    return Promise.allSettled(this.#kept.values());
  }

  #ask(): void {
    if (this.#runs === 0) return;
    for (const name of this.#names) {
      const earlier = this.#kept.get(name);
      if (earlier !== undefined && !this.#stale.has(name)) continue;
      this.#stale.delete(name);
      const copy = this.#keep(name);
      // If the model is lost meanwhile, other runs need the earlier copy to restore it.
      const kept = earlier === undefined ? copy : copy.catch(() => earlier);
      kept.catch(() => {}); // the error is reported when the copy is needed
      this.#kept.set(name, kept);
    }
  }
}
