import type { LoadedProgram, LoadProgramOptions, Program, Runner } from './runner';
import type { Value } from './value';

/** A built program with the pinned values that only it uses. Dropping the program frees them. */
export interface Cacheable {
  readonly program: Program;
  readonly owned: readonly Value[];
}

export interface Cached<T> {
  readonly built: T;
  readonly loaded: LoadedProgram;
}

/** The key of a program in its cache. */
interface ProgramKey {
  /** The program's result: 'logits', 'loss', … */
  readonly name: string;
  /** The key of the overlay (the adapters and replaced tensors) with which the program was built. */
  readonly overlay?: string;
  /** The sizes for which the program was built. */
  readonly shape?: readonly number[];
}

interface CacheEntry {
  readonly key: ProgramKey;
  readonly cached: Promise<Cached<Cacheable>>;
}

const CAPACITY = 4;

/** Caches the last few loaded programs, so that batches that alternate between a few shapes don't rebuild programs. */
export class ProgramCache {
  readonly #runner: Runner;
  readonly #capacity: number;
  readonly #loading: LoadProgramOptions;
  /** The least recently used entry is first. */
  readonly #entries = new Map<string, CacheEntry>();

  constructor(
    runner: Runner,
    { capacity = CAPACITY, ...loading }: { readonly capacity?: number } & LoadProgramOptions = {},
  ) {
    this.#runner = runner;
    this.#capacity = capacity;
    this.#loading = loading;
  }

  /**
   * Calls `body` with the program of `key`, which is built and loaded on first use, and returns the result. The program may be dropped once
   * `body` has returned, so `body` must queue its runs and reads synchronously.
   */
  async use<T extends Cacheable, R>(
    key: ProgramKey,
    build: () => T,
    body: (cached: Cached<T>) => R,
  ): Promise<Awaited<R>> {
    const id = idOf(key);
    const entry = this.#entries.get(id) ?? this.#begin(key, build());
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const result = body((await entry.cached) as Cached<T>);
    for (const oldest of [...this.#entries.values()].slice(0, -this.#capacity)) void this.#drop(oldest.key);
    return await result;
  }

  async #drop(key: ProgramKey): Promise<void> {
    const entry = this.#entries.get(idOf(key));
    this.#entries.delete(idOf(key));
    // Calls of `use` that already wait for the program resume first, so they run `body` before the program is released.
    const cached = await entry?.cached.catch(() => undefined);
    if (cached === undefined) return;
    cached.loaded.release();
    this.#runner.free(cached.built.owned);
  }

  /** Drops the programs whose key passes `test`. Resolves once they are released. */
  async dropAll(test: (key: ProgramKey) => boolean = () => true): Promise<void> {
    const keys = [...this.#entries.values()].map(({ key }) => key);
    await Promise.all(keys.filter(test).map((key) => this.#drop(key)));
  }

  #begin(key: ProgramKey, built: Cacheable): CacheEntry {
    const entry = { key, cached: this.#load(built) };
    entry.cached.catch(() => {
      if (this.#entries.get(idOf(key)) === entry) this.#entries.delete(idOf(key));
    });
    return entry;
  }

  async #load(built: Cacheable): Promise<Cached<Cacheable>> {
    try {
      await this.#runner.allocate(built.owned);
      return { built, loaded: await this.#runner.load(built.program, this.#loading) };
    } catch (error) {
      this.#runner.free(built.owned);
      throw error;
    }
  }
}

function idOf({ name, overlay, shape }: ProgramKey): string {
  return JSON.stringify([name, overlay, shape]);
}
