import { mergedWeight } from '../adapters/merge';
import type { VeraAdapter } from '../adapters/vera_adapter';
import { WebVeraError } from '../core/error';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import { packHalves, readFloats } from './tensors';

export interface MergeOptions {
  /** Refuses results that aren't finite, at the price of reading each weight back. */
  readonly safe: boolean;
  readonly signal: AbortSignal;
  /** Called as weights are done. */
  onProgress(done: number, total: number): void;
}

/** Weights with deltas of adapters in them. The base model's own stay beside them, so unmerging restores every bit. */
export class VeraMerges {
  readonly #runner: Runner;
  /** By tensor name. */
  #weights: ReadonlyMap<string, Value> = new Map();
  /** What they were made of. */
  #sources: ReadonlySet<Value> = new Set();
  #names: readonly string[] = [];

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  get weights(): ReadonlyMap<string, Value> {
    return this.#weights;
  }

  /** Whether a merged weight was made of it. */
  holds(value: Value): boolean {
    return this.#sources.has(value);
  }

  /** The adapters that are merged, in order. */
  get names(): readonly string[] {
    return this.#names;
  }

  /**
   * Adds the adapters' deltas one after the other, and gives the merged weights that are replaced by that: the caller
   * frees them. Throws what `signal` is aborted with, and `numerical_error` where a safe merge finds a number that isn't
   * finite; then everything is as before.
   */
  async add(
    adapters: readonly VeraAdapter[],
    tensorOf: (name: string) => Value,
    { safe, signal, onProgress }: MergeOptions,
  ): Promise<readonly Value[]> {
    const total = adapters.reduce((sum, { layout }) => sum + layout.slots.size, 0);
    const made = new Map<string, Value>();
    const sources = new Set<Value>();
    let done = 0;
    try {
      for (const adapter of adapters) {
        for (const module of adapter.layout.slots.keys()) {
          signal.throwIfAborted();
          const name = `${module}.weight`;
          const before = made.get(name);
          const source = before ?? this.#weights.get(name) ?? tensorOf(name);
          const merged = await this.#merge(adapter, module, source);
          sources.add(source);
          made.set(name, merged);
          if (before !== undefined) this.#runner.free([before]);
          if (safe) await this.#expectFinite(merged, adapter.name);
          done += 1;
          onProgress(done, total);
        }
      }
    } catch (error) {
      this.#runner.free(made.values());
      throw error;
    }
    const replaced = [...made.keys()].flatMap((name) => this.#weights.get(name) ?? []);
    this.#weights = new Map([...this.#weights, ...made]);
    this.#sources = new Set([...this.#sources, ...sources]);
    this.#names = [...this.#names, ...adapters.map(({ name }) => name)];
    return replaced;
  }

  /** Forgets the merged weights, and hands them to the caller. */
  take(): ReadonlyMap<string, Value> {
    const weights = this.#weights;
    this.#weights = new Map();
    this.#sources = new Set();
    this.#names = [];
    return weights;
  }

  /** A half-precision weight stays one: the sum is made in float32 and rounded once. */
  async #merge(adapter: VeraAdapter, module: string, weight: Value): Promise<Value> {
    const merged = await mergedWeight(this.#runner, adapter, module, weight);
    if (weight.dtype !== 'f16') return merged;
    try {
      return await packHalves(this.#runner, merged);
    } finally {
      this.#runner.free([merged]);
    }
  }

  async #expectFinite(value: Value, adapter: string): Promise<void> {
    const numbers = await readFloats(this.#runner, value);
    if (numbers.every(Number.isFinite)) return;
    throw new WebVeraError(
      'numerical_error',
      `NaNs detected in the merged weights. The adapter ${adapter} seems to be broken`,
      {
        hint: 'Nothing was merged. Train the adapter again with a lower learning_rate.',
        detail: { tensor: value.name },
      },
    );
  }
}
