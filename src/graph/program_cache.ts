import type { LoadedProgram, Program, Runner } from './runner';
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
  readonly #entries = new Map<string, Promise<Cached<Cacheable>>>();

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** The program of `key`, built and loaded at its first use; the one used longest ago makes room. */
  async get<T extends Cacheable>(key: string, build: () => T): Promise<Cached<T>> {
    const known = this.#entries.get(key) as Promise<Cached<T>> | undefined;
    const entry = known ?? this.#load(build());
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.catch(() => this.#entries.delete(key));
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= KEPT) break;
      await this.drop(oldest);
    }
    return entry;
  }

  async drop(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    const cached = await entry?.catch(() => undefined);
    if (cached === undefined) return;
    cached.loaded.release();
    this.#runner.free(cached.built.owned);
  }

  /** Drops the programs whose key passes. */
  async dropAll(test: (key: string) => boolean = () => true): Promise<void> {
    for (const key of [...this.#entries.keys()].filter(test)) await this.drop(key);
  }

  async #load<T extends Cacheable>(built: T): Promise<Cached<T>> {
    try {
      await this.#runner.allocate(built.owned);
      return { built, loaded: await this.#runner.load(built.program) };
    } catch (error) {
      this.#runner.free(built.owned);
      throw error;
    }
  }
}
