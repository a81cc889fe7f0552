import { WebVeraError } from '../../../core/errors/error';
import type { LargePart, ListedProfile, ReadParts, WrittenParts } from '../../../worker/protocol';
import type { Link } from '../../rpc/link';
import type { Release, StoreLocks } from '../../rpc/store_locks';
import type { ProfileData } from '../feedback/feedback';
import type { ProfileInfo } from '../types';
import { notifyTabs } from './channel';
import { infoOf, type ProfileState, readExamples, readFeedback, readState, written } from './record';
import { readUnfinished, type StoredRun } from './unfinished_run';

/** The large parts of a stored profile. Each method checks its part and returns it. */
interface LargeParts {
  examples(): ProfileData['examples'];
  feedback(): ProfileData['feedback'];
  unfinished(): StoredRun | undefined;
}

/** A stored profile, with the large parts that were read. */
export type StoredProfile<Part extends LargePart = never> = { readonly state: ProfileState } & Pick<LargeParts, Part>;

/** A profile's new state, and the other parts of the profile that change with it. */
export interface Changes extends Partial<ProfileData> {
  readonly state: ProfileState;
  /** null deletes the stored unfinished run. */
  readonly unfinished?: StoredRun | null;
  /** null deletes the stored features of the examples. */
  readonly features?: null;
}

/** Returns the changes to make to a stored profile, given its state and the large parts that were read. */
export type ProfileChange<Part extends LargePart = never> = (stored: StoredProfile<Part>) => Changes;

/** Reads and writes one stored profile. A lock makes all tabs change it one after the other. */
export class ProfileStorage {
  readonly id: string;
  readonly #link: Link;
  readonly #locks: StoreLocks;

  constructor(id: string, link: Link) {
    this.id = id;
    this.#link = link;
    this.#locks = link.storeLocks;
  }

  /**
   * Reads the state and the given large parts of the stored profile. Takes the lock to read several parts, because the parts change
   * together.
   */
  read<Part extends LargePart = never>(...parts: readonly Part[]): Promise<StoredProfile<Part> | undefined> {
    return parts.length === 0 ? this.#read(parts) : this.#hold(() => this.#read(parts));
  }

  /**
   * Runs `body` under the lock, with the state and the given large parts, and stores either all changes that it returns or none. Rejects
   * with `not_found`, and stores nothing, if all profiles were wiped meanwhile, because a wipe takes no lock.
   */
  change<Part extends LargePart = never>(
    body: (stored: StoredProfile<Part> | undefined) => Promise<Changes>,
    ...parts: readonly Part[]
  ): Promise<Changes> {
    return this.#hold(async () => {
      const stored = await this.#read(parts);
      const changes = await body(stored);
      // Older versions don't delete feedback and features when they forget a profile, so leftovers are deleted before a new profile is
      // stored.
      if (stored === undefined) await this.#link.request('deleteProfile', this.id);
      if (!(await this.#link.request('writeProfile', this.id, partsOf(changes), stored?.state.born)))
        throw forgotten(this.id);
      return changes;
    });
  }

  /** As `change`, for the profile with this random id `born`. Rejects with `not_found` if that profile was forgotten. */
  async update<Part extends LargePart = never>(
    born: string,
    body: ProfileChange<Part>,
    ...parts: readonly Part[]
  ): Promise<ProfileState> {
    const { state } = await this.change(
      async (stored: StoredProfile<Part> | undefined) => {
        if (stored?.state.born === born) return body(stored);
        throw forgotten(this.id);
      },
      ...parts,
    );
    return state;
  }

  /** Deletes the stored profile. Resolves with the size of its features in bytes. */
  delete(): Promise<number> {
    return this.#hold(() => this.#link.request('deleteProfile', this.id));
  }

  /**
   * Takes the learning lock, which allows one run at a time for a profile. Resolves with undefined if the lock isn't free within `patience`
   * milliseconds.
   */
  takeToLearn(patience?: number): Promise<Release | undefined> {
    return this.#locks.take(this.#learnLock, patience);
  }

  waitToLearn(signal: AbortSignal): Promise<Release> {
    return this.#locks.wait(this.#learnLock, signal);
  }

  /** Deletes the checkpoints of the profile's runs. Resolves with their size in bytes. */
  deleteCheckpoints(): Promise<number> {
    return this.#link.request('deleteCheckpoints', copyName(this.id));
  }

  /** As `deleteCheckpoints`, but leaves those of a run in progress, which holds the learning lock and deletes them at its end. */
  async deleteLeftCheckpoints(): Promise<void> {
    const release = await this.takeToLearn();
    if (release === undefined) return;
    await this.deleteCheckpoints().finally(release);
  }

  get #learnLock(): string {
    return `webvera:learn:${this.id}`;
  }

  async #read<Part extends LargePart>(parts: readonly Part[]): Promise<StoredProfile<Part> | undefined> {
    const read = await this.#link.request('readProfile', this.id, parts);
    return read && storedProfile(this.id, read);
  }

  #hold<T>(body: () => Promise<T>): Promise<T> {
    return this.#locks.hold(`webvera:profile:${this.id}`, body);
  }
}

/** Milliseconds to wait for the end of a run in another tab. */
const PATIENCE = 5000;

/** Deletes a stored profile with its checkpoints, and notifies all tabs. Resolves with the number of bytes freed. */
export async function forgetStored(storage: ProfileStorage): Promise<{ bytes: number }> {
  const stored = await storage.read().catch(() => undefined); // a damaged profile can still be deleted
  const features = await storage.delete();
  notifyTabs(storage.id);
  const kept = stored === undefined ? 0 : infoOf(storage.id, stored.state).bytes;
  const saved = await storage.deleteCheckpoints();
  // A run in another tab ends now, and deletes the checkpoints that it stores meanwhile. Wait for its lock, so that no checkpoints are left
  // when this resolves.
  const release = await storage.takeToLearn(PATIENCE).catch(() => undefined);
  release?.();
  return { bytes: kept + features + saved + (await storage.deleteCheckpoints()) };
}

/** Returns the name of a profile's adapter in a model. Dots are escaped, because torch's module names can't contain any. */
export function adapterName(id: string, which: number | 'copy'): string {
  return `profile:${encodeURIComponent(id).replaceAll('.', '%2E')}:${which}`;
}

/** Returns the id of the profile that an adapter belongs to. */
export function profileOf(adapter: string): string {
  return decodeURIComponent(adapter.split(':')[1] ?? '');
}

/** Returns the name of the copy that a run trains. It is the same in each visit, because checkpoints belong to an adapter name. */
export const copyName = (id: string): string => adapterName(id, 'copy');

function storedProfile(id: string, parts: ReadParts): StoredProfile<LargePart> {
  return {
    state: readState(id, parts.state),
    examples: () => readExamples(id, parts.examples),
    feedback: () => readFeedback(id, parts.feedback),
    unfinished: () => readUnfinished(id, parts.unfinished),
  };
}

/** Returns a `ProfileInfo` for each profile that can be read. Damaged profiles are omitted instead of making the whole list fail. */
export function readableInfos(listed: readonly ListedProfile[]): ProfileInfo[] {
  return listed.flatMap(({ id, state, weight_bytes }) => {
    try {
      const info = infoOf(id, readState(id, state));
      return [{ ...info, bytes: info.bytes + weight_bytes }];
    } catch (error) {
      if (error instanceof WebVeraError && error.code === 'storage_corrupt') return [];
      throw error;
    }
  });
}

export function forgotten(id: string): WebVeraError {
  return new WebVeraError('not_found', `Expected profile '${id}' to be there, but it was forgotten`, {
    hint: 'Another tab may have forgotten it. Profile.open creates it anew.',
    detail: { profile: id },
  });
}

function partsOf({ state, examples, feedback, unfinished, features }: Changes): WrittenParts {
  return {
    state: written(state),
    ...(features === null && { features }),
    ...(examples && { examples: written({ kept: examples }) }),
    ...(feedback && { feedback: written({ kept: feedback }) }),
    ...(unfinished !== undefined && { unfinished: unfinished && written(unfinished) }),
  };
}
