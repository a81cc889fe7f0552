import type { LoadedProgram, LoadOptions, Program, Runner } from './runner';
import type { Value } from './value';

/** What a cache needs to know of a built program: the pinned values that it alone owns go when it goes. */
export interface Cacheable {
  readonly program: Program;
  readonly owned: readonly Value[];
}

export interface Cached<T> {
  readonly built: T;
  readonly loaded: LoadedProgram;
}

const KEPT = 4;

/** Keeps the last few loaded programs, so that batches of a few lengths don't build theirs again. */
export class ProgramCache {
  readonly #runner: Runner;
  readonly #kept: number;
  readonly #loading: LoadOptions;
  /** The one used longest ago comes first. */
  readonly #entries = new Map<string, Promise<Cached<Cacheable>>>();

  constructor(runner: Runner, { kept = KEPT, ...loading }: { readonly kept?: number } & LoadOptions = {}) {
    this.#runner = runner;
    this.#kept = kept;
    this.#loading = loading;
  }

  /**
   * Hands `body` the program of `key`, which is built and loaded at its first use. It is sure to stay until `body`
   * returns: runs and reads must be queued by then. Gives what `body` gives.
   */
  async use<T extends Cacheable, R>(key: string, build: () => T, body: (cached: Cached<T>) => R): Promise<Awaited<R>> {
    const entry = this.#entries.get(key) ?? this.#begin(key, build());
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const result = body((await entry) as Cached<T>);
    for (const oldest of [...this.#entries.keys()].slice(0, -this.#kept)) void this.drop(oldest);
    return await result;
  }

  /** Resolves once it is gone. */
  async drop(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    // Whoever waits for it has been in line for longer: their bodies run before it goes.
    const cached = await entry?.catch(() => undefined);
    if (cached === undefined) return;
    cached.loaded.release();
    this.#runner.free(cached.built.owned);
  }

  /** Drops the programs whose key passes. */
  async dropAll(test: (key: string) => boolean = () => true): Promise<void> {
    await Promise.all([...this.#entries.keys()].filter(test).map((key) => this.drop(key)));
  }

  #begin(key: string, built: Cacheable): Promise<Cached<Cacheable>> {
    const entry = this.#load(built);
    entry.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
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
