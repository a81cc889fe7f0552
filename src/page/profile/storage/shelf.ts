import { WebVeraError } from '../../../core/errors/error';
import type { ListedProfile, ProfileParts } from '../../../worker/protocol';
import type { Link } from '../../rpc/link';
import type { KeptExample } from '../examples/examples';
import type { ProfileLocks, Release } from './locks';
import {
  type ProfileState,
  readExamples,
  readState,
  readUnfinished,
  type Unfinished,
  writeExamples,
  writeState,
  writeUnfinished,
} from './record';

/** A profile as it is stored. What is asked for is checked. */
export interface StoredProfile {
  readonly state: ProfileState;
  examples(): KeptExample[];
  unfinished(): Unfinished | undefined;
}

export interface Changes {
  readonly state: ProfileState;
  readonly examples?: readonly KeptExample[];
  /** null deletes it. */
  readonly unfinished?: Unfinished | null;
}

/** Where one profile is stored. Changes of all tabs come one after the other. */
export class ProfileShelf {
  readonly id: string;
  readonly #link: Link;
  readonly #locks: ProfileLocks;

  constructor(id: string, link: Link) {
    this.id = id;
    this.#link = link;
    this.#locks = link.profileLocks;
  }

  /** What is there now. Whoever needs more than its state reads it under the lock: parts change together. */
  async read(): Promise<StoredProfile | undefined> {
    const parts = await this.#link.request('readProfile', this.id);
    return parts && storedProfile(this.id, parts);
  }

  /** As `read`, while no other tab changes the profile. */
  readWhole(): Promise<StoredProfile | undefined> {
    return this.#hold(() => this.read());
  }

  /** Runs `body` while no other tab changes the profile. What it gives is written, all of it or nothing. */
  change(body: (stored: StoredProfile | undefined) => Promise<Changes>): Promise<Changes> {
    return this.#hold(async () => {
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
    await this.#hold(() => this.#link.request('deleteProfile', this.id));
  }

  /** Only one run at a time learns for a profile. Undefined while one does in another tab. */
  takeToLearn(): Promise<Release | undefined> {
    return this.#locks.take(this.#learnLock);
  }

  waitToLearn(signal: AbortSignal): Promise<Release> {
    return this.#locks.wait(this.#learnLock, signal);
  }

  /** Of the runs that learn for the profile. Gives their bytes. */
  deleteCheckpoints(): Promise<number> {
    return this.#link.request('deleteCheckpoints', copyName(this.id));
  }

  get #learnLock(): string {
    return `webvera:learn:${this.id}`;
  }

  #hold<T>(body: () => Promise<T>): Promise<T> {
    return this.#locks.hold(`webvera:profile:${this.id}`, body);
  }
}

/** What an adapter of the profile is called in a model. torch's names have no dots. */
export function adapterName(id: string, which: number | 'copy'): string {
  return `profile:${encodeURIComponent(id).replaceAll('.', '%2E')}:${which}`;
}

/** The copy that a run trains is called the same in each visit: a checkpoint belongs to a name. */
export const copyName = (id: string): string => adapterName(id, 'copy');

function storedProfile(id: string, parts: ProfileParts): StoredProfile {
  return {
    state: readState(id, parts.state),
    examples: () => readExamples(id, parts.examples),
    unfinished: () => readUnfinished(id, parts.unfinished),
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

function written({ state, examples, unfinished }: Changes): Partial<ProfileParts> {
  return {
    state: writeState(state),
    ...(examples && { examples: writeExamples(examples) }),
    ...(unfinished !== undefined && { unfinished: unfinished && writeUnfinished(unfinished) }),
  };
}
