import type { Warn } from '../../core/errors/warning';
import { fieldsOf, type Stored } from '../../store/blob_store';
import type { ProfileName, ProfileStore } from '../../store/profile_store';
import { StoreError } from '../../store/store_error';

/** The maximum number of feature values that are stored for each profile: 8 MiB. */
const MOST_NUMBERS = 2 ** 21;
/** The maximum length of a key, in characters: two digests, the index of a view, and spaces. */
const LONGEST_KEY = 132;

/**
 * The features of a profile's examples, stored with the profile, so that another session computes only the features of new examples. The
 * session reads them once, when it first lacks the features of an example, and replaces them by the features that a call used.
 */
export class StoredFeatures {
  readonly #profiles: ProfileStore;
  readonly name: ProfileName;
  readonly #warn: Warn;
  #stored: Promise<ReadonlyMap<string, Float32Array>> | undefined;

  constructor(profiles: ProfileStore, name: ProfileName, warn: Warn) {
    this.#profiles = profiles;
    this.name = name;
    this.#warn = warn;
  }

  /**
   * Returns the stored feature vectors of length `size`, by key. Returns none if they are damaged or can't be read: they are then computed
   * again.
   */
  known(size: number): Promise<ReadonlyMap<string, Float32Array>> {
    this.#stored ??= this.#profiles.features(this.name).then(
      (value) => readFeatures(value, size),
      () => new Map(),
    );
    return this.#stored;
  }

  /**
   * Stores the feature vectors of length `size` that a call used, unless the same ones are stored already. Warns if it can't store them.
   */
  async save(features: ReadonlyMap<string, Float32Array>, size: number): Promise<void> {
    const used = [...features].slice(0, Math.floor(MOST_NUMBERS / size));
    const stored = await this.known(size);
    if (used.length === stored.size && used.every(([key]) => stored.has(key))) return;
    try {
      const isStored = await this.#profiles.setFeatures(this.name, writtenFeatures(used, size));
      if (isStored) this.#stored = Promise.resolve(new Map(used));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#warn({
        code: error.code,
        message: `The features of the examples can't be kept for later: ${error.message}`,
      });
    }
  }
}

function writtenFeatures(used: readonly (readonly [string, Float32Array])[], size: number): Stored {
  const features = new Float32Array(used.length * size);
  for (const [index, [, numbers]] of used.entries()) features.set(numbers, index * size);
  return { keys: used.map(([key]) => key), features };
}

/**
 * Reads features by key from a stored value. Returns none unless the value has the expected format, with `size` finite values for each
 * key.
 */
export function readFeatures(value: Stored, size: number): Map<string, Float32Array> {
  const { keys, features } = fieldsOf(value);
  const none = new Map<string, Float32Array>();
  if (!Array.isArray(keys) || !(features instanceof Float32Array)) return none;
  if (features.length > MOST_NUMBERS || keys.length * size !== features.length) return none;
  if (!keys.every((key) => typeof key === 'string' && key.length <= LONGEST_KEY)) return none;
  if (!features.every((number) => Number.isFinite(number))) return none;
  return new Map(keys.map((key: string, index) => [key, features.slice(index * size, (index + 1) * size)]));
}
