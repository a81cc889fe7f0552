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

/** Tells a program from others of its cache. */
interface ProgramKey {
  /** What it computes: 'logits', 'loss', … */
  readonly name: string;
  /** What lies over the model, by the overlay's key. */
  readonly overlay?: string;
  /** Its sizes. */
  readonly shape?: readonly number[];
}

interface Entry {
  readonly key: ProgramKey;
  readonly cached: Promise<Cached<Cacheable>>;
}

const KEPT = 4;

/** Keeps the last few loaded programs, so that batches of a few lengths don't build theirs again. */
export class ProgramCache {
  readonly #runner: Runner;
  readonly #kept: number;
  readonly #loading: LoadOptions;
  /** The one used longest ago comes first. */
  readonly #entries = new Map<string, Entry>();

  constructor(runner: Runner, { kept = KEPT, ...loading }: { readonly kept?: number } & LoadOptions = {}) {
    this.#runner = runner;
    this.#kept = kept;
    this.#loading = loading;
  }

  /**
   * Hands `body` the program of `key`, which is built and loaded at its first use. It is sure to stay until `body`
   * returns: runs and reads must be queued by then. Gives what `body` gives.
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
    for (const oldest of [...this.#entries.values()].slice(0, -this.#kept)) void this.#drop(oldest.key);
    return await result;
  }

  async #drop(key: ProgramKey): Promise<void> {
    const entry = this.#entries.get(idOf(key));
    this.#entries.delete(idOf(key));
    // Whoever waits for it has been in line for longer: their bodies run before it goes.
    const cached = await entry?.cached.catch(() => undefined);
    if (cached === undefined) return;
    cached.loaded.release();
    this.#runner.free(cached.built.owned);
  }

  /** Drops the programs whose key passes. Resolves once they are gone. */
  async dropAll(test: (key: ProgramKey) => boolean = () => true): Promise<void> {
    const keys = [...this.#entries.values()].map(({ key }) => key);
    await Promise.all(keys.filter(test).map((key) => this.#drop(key)));
  }

  #begin(key: ProgramKey, built: Cacheable): Entry {
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
