import type { BlobStore, Stored } from './blob_store';

/** What is kept of a person, in the parts that change together. Their form is their writer's business. */
export interface ProfileParts {
  /** What a list shows, and the vectors. */
  readonly state: Stored;
  readonly examples: Stored;
  /** What a run that has begun goes on with; null for none. */
  readonly unfinished: Stored;
}

export const PROFILES = 'profile/';
const PARTS = ['state', 'examples', 'unfinished'] as const satisfies readonly (keyof ProfileParts)[];

/** Profiles by id. What is written at once is one transaction. */
export class ProfileStore {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  async get(id: string): Promise<ProfileParts | undefined> {
    const [state, examples, unfinished] = await Promise.all(PARTS.map((part) => this.#store.get(keyOf(id, part))));
    return state === undefined ? undefined : { state, examples, unfinished: unfinished ?? null };
  }

  /** Parts that aren't given stay as they are. */
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

/** An id may hold slashes. */
function keyOf(id: string, part: keyof ProfileParts): string {
  return `${PROFILES}${encodeURIComponent(id)}/${part}`;
}

function idOf(key: string): string {
  return decodeURIComponent(key.split('/')[1] ?? '');
}
