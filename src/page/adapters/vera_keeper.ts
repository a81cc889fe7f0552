import { WebVeraError } from '../../core/errors/error';
import type { KeptAdapter } from '../../worker/protocol';

export interface KeptForRun {
  readonly kept: Promise<unknown>;
  /** The run is over. */
  close(): void;
}

/** Keeps what a VeRA model's adapters are made of again, while runs go on that may need it. */
export class VeraKeeper {
  readonly #keep: (name: string) => Promise<KeptAdapter>;
  readonly #isLost: () => boolean;
  readonly #kept = new Map<string, Promise<KeptAdapter>>();
  #names: readonly string[];
  #runs = 0;

  constructor(names: readonly string[], keep: (name: string) => Promise<KeptAdapter>, isLost: () => boolean) {
    this.#names = names;
    this.#keep = keep;
    this.#isLost = isLost;
  }

  /** For a run that trains those `trained`, which begins once the adapters are kept as they are now, or can't be. */
  begin(trained: readonly string[]): KeptForRun {
    this.#runs += 1;
    this.#ask();
    return {
      kept: Promise.allSettled(this.#kept.values()),
      close: () => {
        this.#runs -= 1;
        if (this.#runs === 0) this.#kept.clear();
        // What other runs make it of again has these as they were kept.
        if (this.#isLost()) return;
        for (const name of trained) this.#kept.delete(name);
        this.#ask();
      },
    };
  }

  /** There are others now. One that has the name of one that went comes after a change without it. */
  update(names: readonly string[]): void {
    this.#names = names;
    for (const name of this.#kept.keys()) if (!names.includes(name)) this.#kept.delete(name);
    this.#ask();
  }

  /** All of them, as they were kept. Rejects with `not_found` where one couldn't be. */
  async all(): Promise<KeptAdapter[]> {
    try {
      return await Promise.all(this.#names.map((name) => this.#kept.get(name) ?? this.#keep(name)));
    } catch (cause) {
      const message = "its adapters were lost too, as they hadn't been kept yet";
      throw new WebVeraError('not_found', message, { hint: 'Load the model and its adapters again.', cause });
    }
  }

  #ask(): void {
    if (this.#runs === 0) return;
    for (const name of this.#names) {
      if (this.#kept.has(name)) continue;
      const kept = this.#keep(name);
      kept.catch(() => {}); // it tells when it is needed
      this.#kept.set(name, kept);
    }
  }
}
