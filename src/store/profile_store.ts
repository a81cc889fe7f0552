import { type BlobStore, fieldsOf, isBytes, type Stored } from './blob_store';
import { StoreError } from './store_error';

/** The stored parts of a profile. Data that changes together is in one part; the code that writes a part defines its contents. */
export interface ProfileParts {
  /** The fields that a list of profiles shows, and the adapter's trained vectors. */
  readonly state: Stored;
  readonly examples: Stored;
  /** Ratings and preferences. */
  readonly feedback: Stored;
  /** The state from which an unfinished run resumes; null for none. */
  readonly unfinished: Stored;
}

/** A profile's id, and the random id `born` that distinguishes it from an earlier profile with the same id. */
export interface ProfileName {
  readonly id: string;
  readonly born: string;
}

/** The parts that are read only where they are needed, because they may be large. */
export type LargePart = Exclude<keyof ProfileParts, 'state'>;

/** The state, and the large parts that were read. */
export type ReadParts = Pick<ProfileParts, 'state'> & Partial<ProfileParts>;

/** The parts that a write stores. `features: null` deletes the features of the examples. */
export type WrittenParts = Partial<ProfileParts> & { readonly features?: null };

/** A profile in a list. */
export interface ListedProfile {
  readonly id: string;
  /** The stored state, but without the weights of its vectors. */
  readonly state: Stored;
  /** The size in bytes of the weights that `state` lacks. */
  readonly weight_bytes: number;
}

export const PROFILES = 'profile/';
const PARTS = ['state', 'examples', 'feedback', 'unfinished'] as const satisfies readonly (keyof ProfileParts)[];

/**
 * The part name in the storage key of the examples' features. `ProfileParts` doesn't contain the features, because only the worker reads
 * and writes them.
 */
const FEATURES = 'features';

/** Profiles by id. Each write is one transaction. */
export class ProfileStore {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** Resolves with a profile's state and the given other parts; undefined if there is no such profile. */
  async get(id: string, parts: readonly LargePart[]): Promise<ReadParts | undefined> {
    const names = ['state', ...parts] as const;
    const values = await Promise.all(
      names.map(async (part) => [part, await this.#store.get(keyOf(id, part))] as const),
    );
    const { state, ...others }: Partial<ProfileParts> = Object.fromEntries(values);
    return state === undefined ? undefined : { state, ...others };
  }

  /**
   * Stores the given parts; other parts stay unchanged. With `born`, resolves with false and stores nothing unless the stored profile has
   * this random id: another tab may have deleted the profile. Without `born`, always stores the parts.
   */
  async set(id: string, parts: WrittenParts, born?: string): Promise<boolean> {
    const given = ([...PARTS, FEATURES] as const).filter((part) => parts[part] !== undefined);
    const entries = given.map((part) => [keyOf(id, part), parts[part]] as const);
    if (born !== undefined) return this.#setIf(id, entries, (state) => state.born === born);
    await this.#store.setMany(entries);
    return true;
  }

  /** Resolves with the stored features of a profile's examples. Undefined if there are none, or if another profile has the id now. */
  async features({ id, born }: ProfileName): Promise<Stored | undefined> {
    const [state, features] = await Promise.all([
      this.#store.get(keyOf(id, 'state')),
      this.#store.get(keyOf(id, FEATURES)),
    ]);
    return fieldsOf(state).born === born ? features : undefined;
  }

  /**
   * Stores the features of a profile's examples in place of earlier ones. Stores nothing if the profile was deleted, or if its settings no
   * longer allow examples to be stored: another tab may do this at any time. Resolves with whether it stored them.
   */
  setFeatures({ id, born }: ProfileName, features: Stored): Promise<boolean> {
    const fits = ({ born: own, settings }: ReturnType<typeof fieldsOf>): boolean =>
      own === born && fieldsOf(settings).keep_examples !== false;
    return this.#setIf(id, [[keyOf(id, FEATURES), features]], fits);
  }

  /** Stores the entries if `fits` accepts the profile's stored state. Resolves with whether it stored them. */
  #setIf(
    id: string,
    entries: Parameters<BlobStore['setMany']>[0],
    fits: (state: ReturnType<typeof fieldsOf>) => boolean,
  ): Promise<boolean> {
    const refused = new StoreError('locked_by_other_tab', id); // never leaves this method
    const check = (state: Stored): void => {
      if (!fits(fieldsOf(state))) throw refused;
    };
    return this.#store.setMany(entries, { key: keyOf(id, 'state'), check }).then(
      () => true,
      (error: unknown) => {
        if (error === refused) return false;
        throw error;
      },
    );
  }

  /**
   * Resolves with all profiles, sorted by id. Storage keys have another order, because '-' comes before the '/' that follows an id.
   */
  async list(): Promise<ListedProfile[]> {
    const keys = (await this.#store.keys()).filter((key) => key.startsWith(PROFILES) && key.endsWith('/state'));
    const listed: ListedProfile[] = [];
    // The states are read one by one, because their weights may be large.
    for (const id of keys.map(idOf).sort()) {
      const state = fieldsOf(await this.#store.get(keyOf(id, 'state')));
      const [last, earlier] = [emptied(state.vectors), emptied(state.previous)];
      listed.push({
        id,
        state: { ...state, vectors: last.vectors, previous: earlier.vectors },
        weight_bytes: last.bytes + earlier.bytes,
      });
    }
    return listed;
  }

  /** Deletes a profile. Resolves with the size in bytes of the deleted features. */
  async delete(id: string): Promise<number> {
    const { features } = fieldsOf(await this.#store.get(keyOf(id, FEATURES)));
    await this.#store.deleteMany([...PARTS, FEATURES].map((part) => keyOf(id, part)));
    return ArrayBuffer.isView(features) ? features.byteLength : 0;
  }
}

/** Returns stored vectors without their weights, and the weights' size in bytes. */
function emptied(vectors: unknown): { readonly vectors: unknown; readonly bytes: number } {
  const { weights } = fieldsOf(vectors);
  if (!isBytes(weights)) return { vectors, bytes: 0 };
  return { vectors: { ...fieldsOf(vectors), weights: new Uint8Array() }, bytes: weights.length };
}

/** Returns the storage key of a part. Encodes the id, because it may contain slashes. */
function keyOf(id: string, part: string): string {
  return `${PROFILES}${encodeURIComponent(id)}/${part}`;
}

function idOf(key: string): string {
  return decodeURIComponent(key.split('/')[1] ?? '');
}
