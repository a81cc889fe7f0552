import type { Adapter } from '../../adapters/adapter';
import type { AtOneStep } from '../../adapters/at_one_step';
import { mergedWeight } from '../../adapters/merge';
import type { Merged } from '../../adapters/overlay';
import { WebVeraError } from '../../core/error';
import type { Runner } from '../../graph/runner';
import { storageOf, type Value } from '../../graph/value';
import { readFloats, storedAs } from '../models/tensors';

export interface MergeOptions {
  /** Refuses results that aren't finite, at the price of reading each weight back. */
  readonly safe: boolean;
  readonly signal: AbortSignal;
  /** Called as weights are done. */
  onProgress(done: number, total: number): void;
}

/** What a merge has made, before it counts. */
export interface MadeMerge {
  readonly adapters: readonly Adapter[];
  /** By tensor name. */
  readonly weights: ReadonlyMap<string, Value>;
  /** What they were made of. */
  readonly sources: ReadonlySet<Value>;
}

/** Ends what uses something that goes, by its key, and forgets its programs. */
type Forget = (key: string, reason: string) => Promise<void>;

/** Weights with deltas of adapters in them. The base model's own stay beside them, so unmerging restores every bit. */
export class MergedWeights {
  readonly #runner: Runner;
  readonly #forget: Forget;
  /** By tensor name. */
  #weights: ReadonlyMap<string, Value> = new Map();
  /** What they were made of. */
  #sources: ReadonlySet<Value> = new Set();
  #adapters: readonly Adapter[] = [];
  /** Stands for the merged weights; changes with them. */
  #key: string | undefined;

  constructor(runner: Runner, forget: Forget) {
    this.#runner = runner;
    this.#forget = forget;
  }

  /** Undefined while nothing is merged. */
  get current(): Merged | undefined {
    if (this.#key === undefined) return undefined;
    return { key: this.#key, adapters: this.#adapters, weights: this.#weights };
  }

  /** Whether the weight of that name is merged. */
  has(name: string): boolean {
    return this.#weights.has(name);
  }

  /** Whether a merged weight was made of it. */
  holds(value: Value): boolean {
    return this.#sources.has(value);
  }

  /** The adapters that are merged, in order. */
  get names(): readonly string[] {
    return this.#adapters.map(({ name }) => name);
  }

  /**
   * Makes weights with the adapters' deltas as they were `then`, one after the other; nothing has changed yet. Throws what
   * `signal` is aborted with, and `numerical_error` where a safe merge finds a number that isn't finite.
   */
  async make(
    adapters: readonly Adapter[],
    tensorOf: (name: string) => Value,
    then: AtOneStep,
    { safe, signal, onProgress }: MergeOptions,
  ): Promise<MadeMerge> {
    const total = adapters.reduce((sum, { modules }) => sum + modules.size, 0);
    const weights = new Map<string, Value>();
    const sources = new Set<Value>();
    let done = 0;
    try {
      for (const adapter of adapters) {
        for (const module of adapter.modules.keys()) {
          signal.throwIfAborted();
          const name = `${module}.weight`;
          const before = weights.get(name);
          const source = before ?? this.#weights.get(name) ?? tensorOf(name);
          const merged = await this.#merge(then.adapter(adapter), module, then.value(source));
          sources.add(source);
          weights.set(name, merged);
          if (before !== undefined) this.#runner.free([before]);
          if (safe) await this.#expectFinite(merged, adapter.name);
          done += 1;
          onProgress(done, total);
        }
      }
    } catch (error) {
      this.#runner.free(weights.values());
      throw error;
    }
    return { adapters, weights, sources };
  }

  /** From here on it counts, under a new key. Frees the merged weights that are replaced by that. */
  async keep({ adapters, weights, sources }: MadeMerge, key: string): Promise<void> {
    if (adapters.length === 0) return;
    const replaced = [...weights.keys()].flatMap((name) => this.#weights.get(name) ?? []);
    const before = this.#key;
    this.#key = key;
    this.#weights = new Map([...this.#weights, ...weights]);
    this.#sources = new Set([...this.#sources, ...sources]);
    this.#adapters = [...this.#adapters, ...adapters];
    if (before !== undefined) await this.#forget(before, 'More adapters were merged');
    this.#runner.free(replaced);
  }

  /** Forgets the merged weights, and hands them to the caller. */
  async take(): Promise<ReadonlyMap<string, Value>> {
    const [key, weights] = [this.#key, this.#weights];
    this.#key = undefined;
    this.#weights = new Map();
    this.#sources = new Set();
    this.#adapters = [];
    if (key !== undefined) await this.#forget(key, 'The adapters were unmerged');
    return weights;
  }

  /** Forgets the merged weights, and frees them. */
  async drop(): Promise<void> {
    this.#runner.free((await this.take()).values());
  }

  /** A half-precision weight stays one: the sum is made in float32 and rounded once. */
  async #merge(adapter: Adapter, module: string, weight: Value): Promise<Value> {
    const merged = await mergedWeight(this.#runner, adapter, module, weight);
    if (weight.dtype === merged.dtype) return merged;
    try {
      return await storedAs(this.#runner, merged, storageOf(weight));
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
