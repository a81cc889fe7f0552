import type { BlobStore, Stored } from './blob_store';

/** The stored parts of a profile. Parts that change together are stored together; the writer defines their contents. */
export interface ProfileParts {
  /** The fields that a list shows, and the vectors. */
  readonly state: Stored;
  readonly examples: Stored;
  /** Ratings and preferences. */
  readonly feedback: Stored;
  /** The state from which an unfinished run resumes; null for none. */
  readonly unfinished: Stored;
}

export const PROFILES = 'profile/';
const PARTS = ['state', 'examples', 'feedback', 'unfinished'] as const satisfies readonly (keyof ProfileParts)[];

/** Profiles by id. Each `set` is one transaction. */
export class ProfileStore {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  async get(id: string): Promise<ProfileParts | undefined> {
    const [state, examples, feedback, unfinished] = await Promise.all(
      PARTS.map((part) => this.#store.get(keyOf(id, part))),
    );
    return state === undefined ? undefined : { state, examples, feedback, unfinished: unfinished ?? null };
  }

  /** Stores the given parts; other parts stay unchanged. */
  async set(id: string, parts: Partial<ProfileParts>): Promise<void> {
    const given = PARTS.filter((part) => parts[part] !== undefined);
    await this.#store.setMany(given.map((part) => [keyOf(id, part), parts[part]]));
  }

  /** Each profile's id and state, in the order of their ids. */
  async states(): Promise<{ readonly id: string; readonly state: Stored }[]> {
    const keys = (await this.#store.keys()).filter((key) => key.startsWith(PROFILES) && key.endsWith('/state'));
    return Promise.all(keys.map(async (key) => ({ id: idOf(key), state: await this.#store.get(key) })));
  }

  async delete(id: string): Promise<void> {
    await this.#store.deleteMany(PARTS.map((part) => keyOf(id, part)));
  }
}

/** The storage key of a part. Ids may contain slashes. */
function keyOf(id: string, part: keyof ProfileParts): string {
  return `${PROFILES}${encodeURIComponent(id)}/${part}`;
}

function idOf(key: string): string {
  return decodeURIComponent(key.split('/')[1] ?? '');
}
