import type { Adapter } from '../../adapters/adapter';
import type { MergedAdapters } from '../../adapters/layers/overlay';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';

/** The result of a merge before the model uses it. */
export interface MadeMerge {
  readonly adapters: readonly Adapter[];
  /** The merged weights and biases, by tensor name. */
  readonly weights: ReadonlyMap<string, Value>;
  /** The values that the weights were computed from. */
  readonly sources: ReadonlySet<Value>;
}

/** Ends all jobs that use the adapter or the merged weights with this key, and frees their GPU programs. */
type Forget = (key: string, reason: string) => Promise<void>;

/** Weights with adapters' deltas added. The base model's own weights stay in memory, so unmerging restores every bit. */
export class MergedWeights {
  readonly #runner: Runner;
  readonly #forget: Forget;
  #current: (MergedAdapters & Pick<MadeMerge, 'sources'>) | undefined;

  constructor(runner: Runner, forget: Forget) {
    this.#runner = runner;
    this.#forget = forget;
  }

  /** The merged adapters and weights; undefined while nothing is merged. The key changes whenever the merged weights change. */
  get current(): MergedAdapters | undefined {
    return this.#current;
  }

  /** The merged weights, by tensor name; none while nothing is merged. */
  get weights(): ReadonlyMap<string, Value> {
    return this.#current?.weights ?? new Map();
  }

  /** Whether a merged weight was computed from the value. */
  holds(value: Value): boolean {
    return this.#current?.sources.has(value) ?? false;
  }

  /** The adapters that are merged, in order. */
  get names(): readonly string[] {
    return (this.#current?.adapters ?? []).map(({ name }) => name);
  }

  /** Makes the model use the result of a merge, under a new key. Frees the merged weights that the result replaces. */
  async keep(made: MadeMerge, key: string): Promise<void> {
    if (made.adapters.length === 0) return;
    const before = this.#current;
    const replaced = [...made.weights.keys()].flatMap((name) => this.weights.get(name) ?? []);
    this.#current = {
      key,
      adapters: [...(before?.adapters ?? []), ...made.adapters],
      weights: new Map([...this.weights, ...made.weights]),
      sources: new Set([...(before?.sources ?? []), ...made.sources]),
    };
    if (before !== undefined) await this.#forget(before.key, 'More adapters were merged');
    this.#runner.free(replaced);
  }

  /** Stops using the merged weights, and returns them. The caller frees them. */
  async take(): Promise<ReadonlyMap<string, Value>> {
    const { weights } = this;
    const key = this.#current?.key;
    this.#current = undefined;
    if (key !== undefined) await this.#forget(key, 'The adapters were unmerged');
    return weights;
  }

  /** Stops using the merged weights, and frees them. */
  async drop(): Promise<void> {
    this.#runner.free((await this.take()).values());
  }
}
