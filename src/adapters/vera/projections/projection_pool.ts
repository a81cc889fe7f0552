import { bytesOf } from '../../../core/input/bytes';
import { sha256, toHex } from '../../../core/input/digest';
import type { ProjectionDtype } from '../../../core/types/model';
import type { Runner } from '../../../graph/runner';
import { pinned } from '../../../graph/value';
import type { ProjectionValues } from '../vera_adapter';
import { generateProjections, type ProjectionKey, type Projections, roundingOf, roundProjections } from './projections';

type DrawnKey = ProjectionKey & Pick<ProjectionValues, 'dtype'>;

interface Shared {
  readonly values: ProjectionValues;
  /** Resolves once the values of A and B are on the device. */
  readonly filled: Promise<void>;
  users: number;
}

/** The frozen projections on a device. Adapters share A and B of equal values. */
export class ProjectionPool {
  readonly #runner: Runner;
  readonly #onDraw: (numbers: number) => void;
  readonly #shared = new Map<string, Shared>();
  readonly #names = new Map<ProjectionValues, string>();

  /** Before random numbers are drawn, `onDraw` is called with their count, because drawing blocks the thread. */
  constructor(runner: Runner, onDraw: (numbers: number) => void = () => {}) {
    this.#runner = runner;
    this.#onDraw = onDraw;
  }

  /**
   * Returns the matrices A and B that belong to a key (seed, rank and sizes). If no adapter uses the key yet, allocates them with the
   * values `known`, or with drawn values if `known` is undefined. Each call needs one call of `release`.
   */
  async acquire(key: ProjectionKey, dtype: ProjectionDtype, known?: Projections): Promise<ProjectionValues> {
    const name = [key.projection_prng_key, key.r, key.max_in, key.max_out, dtype].join(' ');
    return this.#take(name, { ...key, dtype }, () => {
      if (known !== undefined) return known;
      this.#onDraw(key.r * (key.max_in + key.max_out));
      const exact = generateProjections(key);
      return dtype === 'float32' ? exact : roundProjections(exact, dtype);
    });
  }

  /**
   * Calls `onDraw`, then the function `roundingOf`, which draws A and B of the key to compare them with the given matrices.
   */
  roundingOf(given: Projections, key: ProjectionKey): ProjectionDtype | undefined {
    this.#onDraw(given.A.length + given.B.length);
    return roundingOf(given, key);
  }

  /** Returns A and B from a saved adapter if they differ from the values that the key gives. Adapters with equal A and B share them. */
  async adopt(key: ProjectionKey, given: Projections): Promise<ProjectionValues> {
    const digests = [await sha256(bytesOf(given.A)), await sha256(bytesOf(given.B))].map(toHex);
    return this.#take(['adopted', key.r, ...digests].join(' '), { ...key, dtype: 'float32' }, () => given);
  }

  release(values: ProjectionValues): void {
    const name = this.#names.get(values);
    const shared = name === undefined ? undefined : this.#shared.get(name);
    if (name === undefined || shared === undefined) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#shared.delete(name);
    this.#names.delete(values);
    this.#runner.free([values.A, values.B]);
  }

  /** Returns A and B stored under this name, or creates them with `make`. Calls wait for their upload, and reject if it fails. */
  async #take(name: string, key: DrawnKey, make: () => Projections): Promise<ProjectionValues> {
    const shared = this.#shared.get(name) ?? this.#begin(name, key, make);
    shared.users += 1;
    try {
      await shared.filled;
      return shared.values;
    } catch (error) {
      this.release(shared.values);
      throw error;
    }
  }

  #begin(name: string, key: DrawnKey, make: () => Projections): Shared {
    const values = projectionValues(key);
    const shared = { values, filled: this.#fill(values, make), users: 0 };
    this.#shared.set(name, shared);
    this.#names.set(values, name);
    return shared;
  }

  async #fill(values: ProjectionValues, make: () => Projections): Promise<void> {
    await this.#runner.allocate([values.A, values.B]);
    const { A, B } = make();
    this.#runner.write(values.A, A);
    this.#runner.write(values.B, B);
  }
}

/** Declares VeRA's matrices A and B as values of a graph. The caller allocates their GPU memory. */
export function projectionValues({
  r,
  max_in,
  max_out,
  dtype,
}: Omit<DrawnKey, 'projection_prng_key'>): ProjectionValues {
  return { A: pinned('vera_A', [r, max_in]), B: pinned('vera_B', [max_out, r]), dtype };
}
