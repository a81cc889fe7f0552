import type { Adapter } from '../../adapters/adapter';
import type { MergedAdapters } from '../../adapters/layers/overlay';
import type { Runner } from '../../graph/runner';
import type { Value } from '../../graph/value';

/** The result of a merge before the model uses it. */
export interface MadeMerge {
  readonly adapters: readonly Adapter[];
  /** The merged weights, by tensor name. */
  readonly weights: ReadonlyMap<string, Value>;
  /** The values that they were computed from. */
  readonly sources: ReadonlySet<Value>;
}

/** Ends all work that uses something by its key, and drops its programs. */
type Forget = (key: string, reason: string) => Promise<void>;

/** Weights with deltas of adapters in them. The base model's own stay beside them, so unmerging restores every bit. */
export class MergedWeights {
  readonly #runner: Runner;
  readonly #forget: Forget;
  #weights: ReadonlyMap<string, Value> = new Map();
  /** The values that they were computed from. */
  #sources: ReadonlySet<Value> = new Set();
  #adapters: readonly Adapter[] = [];
  /** Stands for the merged weights; changes with them. */
  #key: string | undefined;

  constructor(runner: Runner, forget: Forget) {
    this.#runner = runner;
    this.#forget = forget;
  }

  /** Undefined while nothing is merged. */
  get current(): MergedAdapters | undefined {
    if (this.#key === undefined) return undefined;
    return { key: this.#key, adapters: this.#adapters, weights: this.#weights };
  }

  /** The merged weights, by tensor name; none while nothing is merged. */
  get weights(): ReadonlyMap<string, Value> {
    return this.#weights;
  }

  /** Whether a merged weight was computed from the value. */
  holds(value: Value): boolean {
    return this.#sources.has(value);
  }

  /** The adapters that are merged, in order. */
  get names(): readonly string[] {
    return this.#adapters.map(({ name }) => name);
  }

  /** Lets the model use the result, under a new key. Frees the merged weights that it replaces. */
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
}
