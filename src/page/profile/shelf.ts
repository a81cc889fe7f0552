import { WebVeraError } from '../../core/error';
import type { ListedProfile, ProfileParts } from '../../worker/protocol';
import type { Link } from '../link';
import type { KeptExample } from './examples';
import type { ProfileLocks, Release } from './locks';
import {
  type Learning,
  type ProfileState,
  readExamples,
  readLearning,
  readState,
  writeExamples,
  writeState,
} from './record';

/** A profile as it is stored. What is asked for is checked. */
export interface StoredProfile {
  readonly state: ProfileState;
  examples(): KeptExample[];
  learning(): Learning | undefined;
}

export interface Changes {
  readonly state: ProfileState;
  readonly examples?: readonly KeptExample[];
  /** null deletes it. */
  readonly learning?: Learning | null;
}

/** Where one profile is stored. Changes of all tabs come one after the other. */
export class ProfileShelf {
  readonly id: string;
  readonly #link: Link;
  readonly #locks: ProfileLocks;

  constructor(id: string, link: Link, locks: ProfileLocks) {
    this.id = id;
    this.#link = link;
    this.#locks = locks;
  }

  async read(): Promise<StoredProfile | undefined> {
    const parts = await this.#link.request('readProfile', this.id);
    return parts && storedProfile(this.id, parts);
  }

  /** Runs `body` while no other tab changes the profile. What it gives is written, all of it or nothing. */
  change(body: (stored: StoredProfile | undefined) => Promise<Changes>): Promise<Changes> {
    return this.#locks.hold(`webvera:profile:${this.id}`, async () => {
      const changes = await body(await this.read());
      await this.#link.request('writeProfile', this.id, written(changes));
      return changes;
    });
  }

  /** As `change`, of a profile that began as `born`. Rejects with `not_found` where it was forgotten since. */
  async update(born: string, body: (stored: StoredProfile) => Changes): Promise<ProfileState> {
    const { state } = await this.change(async (stored) => {
      if (stored?.state.born === born) return body(stored);
      throw forgotten(this.id);
    });
    return state;
  }

  async delete(): Promise<void> {
    await this.#locks.hold(`webvera:profile:${this.id}`, () => this.#link.request('deleteProfile', this.id));
  }

  /** Only one run at a time learns for a profile. Undefined while one does in another tab. */
  takeToLearn(): Promise<Release | undefined> {
    return this.#locks.take(`webvera:learn:${this.id}`);
  }

  waitToLearn(signal?: AbortSignal): Promise<Release> {
    return this.#locks.wait(`webvera:learn:${this.id}`, signal);
  }

  /** Of the runs that learn for the profile. Gives their bytes. */
  deleteCheckpoints(): Promise<number> {
    return this.#link.request('deleteCheckpoints', learningName(this.id));
  }
}

/** What an adapter of the profile is called in a model. torch's names have no dots. */
export function adapterName(id: string, version: number | 'learning'): string {
  return `profile:${encodeURIComponent(id).replaceAll('.', '%2E')}:${version}`;
}

/** The copy that a run trains is called the same in each visit: a checkpoint belongs to a name. */
export const learningName = (id: string): string => adapterName(id, 'learning');

export function storedProfile(id: string, parts: ProfileParts): StoredProfile {
  return {
    state: readState(id, parts.state),
    examples: () => readExamples(id, parts.examples),
    learning: () => readLearning(id, parts.learning),
  };
}

/** Those that can be read: a damaged one doesn't hide the others. */
export function readableStates(listed: readonly ListedProfile[]): { id: string; state: ProfileState }[] {
  return listed.flatMap(({ id, state }) => {
    try {
      return [{ id, state: readState(id, state) }];
    } catch (error) {
      if (error instanceof WebVeraError && error.code === 'storage_corrupt') return [];
      throw error;
    }
  });
}

export function forgotten(id: string): WebVeraError {
  return new WebVeraError('not_found', `Expected profile '${id}' to be there, but it was forgotten`, {
    hint: 'It may have been in another tab. Profile.open begins it anew.',
  });
}

function written({ state, examples, learning }: Changes): Partial<ProfileParts> {
  return {
    state: writeState(state),
    ...(examples && { examples: writeExamples(examples) }),
    ...(learning !== undefined && { learning }),
  };
}
