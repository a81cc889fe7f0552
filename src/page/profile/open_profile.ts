import { abortError } from '../../core/async/abort';
import { Serial } from '../../core/async/serial';
import { WebVeraError } from '../../core/errors/error';
import type { Files } from '../../core/input/named_files';
import type { LargePart } from '../../worker/protocol';
import type { Release } from '../rpc/store_locks';
import { noData, type ProfileData } from './feedback/feedback';
import { countsIn, type DataChanges, storedChanges } from './feedback/profile_data';
import type { ProfileHost } from './host';
import { ProfileLearning } from './learning/learning';
import type { LearningProfile } from './learning/learning_profile';
import { type OpenedProfile, withSettings } from './open';
import { closed, learningElsewhere, noWayBack } from './profile_errors';
import type { Openable } from './shared';
import { ProfileChannel } from './storage/channel';
import { placeFiles } from './storage/profile_files';
import {
  forgetStored,
  forgotten,
  type ProfileChange,
  type ProfileStorage,
  type StoredProfile,
} from './storage/profile_storage';
import { filesOf, infoOf, isReplaced, type ProfileState, rolledBack, type Vectors } from './storage/record';
import type { ProfileInfo, ProfileOptions } from './types';

export type ProfileEvent = 'change' | 'forgotten';

/** Milliseconds to wait for the learning lock, because another tab may hold it while it looks for an unfinished run. */
const MOMENT = 1000;

/** An open profile: its stored state and its adapter in the model. Both are updated when another tab changes the profile. */
export class OpenProfile implements Openable, LearningProfile {
  readonly id: string;
  readonly host: ProfileHost;
  readonly storage: ProfileStorage;
  readonly learning: ProfileLearning;
  /** The listeners to the profile's events. */
  readonly listeners = new Set<(event: ProfileEvent) => void>();
  /** Aborts when the profile is closed or forgotten. */
  readonly life: AbortSignal;
  readonly #life = new AbortController();
  readonly #channel: ProfileChannel;
  /** Runs changes to ratings and preferences one at a time, in the order of the calls. */
  readonly ratings = new Serial();
  readonly #turns = new Serial();
  #state: ProfileState;
  #adapter: string;
  /** The examples, ratings and preferences, if the profile only holds them in memory; else empty. */
  #inMemory: ProfileData;

  private constructor(host: ProfileHost, storage: ProfileStorage, { state, adapter, inMemory }: OpenedProfile) {
    this.id = storage.id;
    this.host = host;
    this.storage = storage;
    this.life = this.#life.signal;
    this.#state = state;
    this.#adapter = adapter;
    this.#inMemory = inMemory;
    this.learning = new ProfileLearning(this, () => this.#emit('change'));
    this.#channel = new ProfileChannel((id) => {
      if (id === '' || id === this.id) this.#reload().catch(() => {}); // the next call reports the error
    });
    const { ended } = host.link;
    ended.addEventListener('abort', () => this.#end(ended.reason), { once: true, signal: this.life });
  }

  /** Creates an open profile from `opened`, and resumes the run that a closed page left unfinished, if there is one. */
  static async open(host: ProfileHost, storage: ProfileStorage, opened: Promise<OpenedProfile>): Promise<OpenProfile> {
    const profile = new OpenProfile(host, storage, await opened);
    try {
      await profile.learning.resumeUnfinished();
      if (!profile.state.settings.keep_examples) await storage.deleteLeftCheckpoints();
      return profile;
    } catch (error) {
      await profile.close();
      throw error;
    }
  }

  get isOpen(): boolean {
    return !this.life.aborted;
  }

  get state(): ProfileState {
    return this.#state;
  }

  get info(): ProfileInfo {
    const info = infoOf(this.id, this.#state);
    if (this.#state.settings.keep_examples) return info;
    return { ...info, ...countsIn(this.#inMemory) };
  }

  /** The name of the profile's adapter in the model. Throws if the profile is closed. */
  get adapter(): string {
    this.expectOpen();
    return this.#adapter;
  }

  /** Whether the profile was closed because it was forgotten, that is deleted. */
  get isForgotten(): boolean {
    const { aborted, reason } = this.life;
    return aborted && reason instanceof WebVeraError && reason.code === 'not_found';
  }

  expectOpen(): void {
    if (!this.isOpen) throw closed(this.id, this.life.reason);
  }

  /** Reads the stored profile. Resolves with undefined if the profile was forgotten meanwhile. */
  async read<Part extends LargePart = never>(...parts: readonly Part[]): Promise<StoredProfile<Part> | undefined> {
    const stored = await this.storage.read(...parts);
    return stored?.state.born === this.#state.born ? stored : undefined;
  }

  data(stored: StoredProfile<keyof ProfileData>): ProfileData {
    const held = isReplaced(this.#state, stored.state) ? noData : this.#inMemory;
    if (!stored.state.settings.keep_examples) return held;
    return { examples: [...stored.examples(), ...held.examples], feedback: [...stored.feedback(), ...held.feedback] };
  }

  /** Changes the profile's data. `lists`: the lists that `body` reads and may change; the other list may be empty. */
  changeData(
    body: (state: ProfileState, data: ProfileData) => DataChanges,
    ...lists: readonly (keyof ProfileData)[]
  ): Promise<void> {
    return this.#turns.run(async () => {
      let inMemory = this.#inMemory;
      // Another tab may have set `keep_examples`: then all that is in memory is stored.
      const isHeld = inMemory !== noData;
      const change: ProfileChange<keyof ProfileData> = (stored) => {
        const before = this.data(stored);
        const { state: next, data } = body(stored.state, before);
        const all = { ...before, ...data };
        inMemory = next.settings.keep_examples ? noData : all;
        return storedChanges({ state: next, data: isHeld ? all : data });
      };
      const state = await this.#write(change, ...(isHeld ? (['examples', 'feedback'] as const) : lists));
      this.#inMemory = inMemory;
      await this.#show(state);
    });
  }

  /** Applies new settings. `options.signal` can cancel the call until the settings are stored. */
  async configure(options: ProfileOptions): Promise<void> {
    const apply = (state: ProfileState, data: ProfileData): DataChanges => {
      options.signal?.throwIfAborted();
      return withSettings(this.host, state, data, options);
    };
    await this.changeData(apply, 'examples', 'feedback');
    // The checkpoints of an interrupted run hold examples too.
    if (!this.#state.settings.keep_examples) await this.storage.deleteLeftCheckpoints();
  }

  /** Changes the stored profile, then updates the state here and in other tabs. If storing fails, nothing has changed. */
  change<Part extends LargePart = never>(body: ProfileChange<Part>, ...parts: readonly Part[]): Promise<void> {
    return this.#turns.run(async () => this.#show(await this.#write(body, ...parts)));
  }

  /** As `change`, and also replaces the vectors. The new ones are loaded onto the GPU before anything is stored. */
  exchange(vectors: Vectors, body: ProfileChange, inMemory?: ProfileData): Promise<void> {
    return this.#turns.run(async () => {
      this.expectOpen();
      const fresh = this.host.newName(this.id);
      await this.host.place(fresh, filesOf(vectors));
      try {
        const state = await this.#write((stored) => {
          const { state: next, ...rest } = body(stored);
          return { ...rest, state: { ...next, vectors, version: stored.state.version + 1 } };
        });
        if (inMemory !== undefined) this.#inMemory = inMemory;
        await this.#show(state, fresh);
      } catch (error) {
        await this.host.remove(fresh);
        throw error;
      }
    });
  }

  /** Replaces the whole profile by the one in `files`. If it rejects, the stored vectors, data and settings haven't changed. */
  async replace(files: Files, options: ProfileOptions): Promise<void> {
    const { signal } = options;
    this.expectOpen();
    const { adapter, changes, inMemory } = await placeFiles(this.host, this.id, files, options);
    await this.host.remove(adapter);
    signal?.throwIfAborted();
    await this.learning.end(abortError(`What profile '${this.id}' was learning is replaced`));
    const release = await this.takeToLearn();
    try {
      await this.storage.deleteCheckpoints();
      const change: ProfileChange = ({ state: { born } }) => {
        signal?.throwIfAborted();
        return { ...changes, state: { ...changes.state, born }, unfinished: null, features: null };
      };
      await this.exchange(changes.state.vectors, change, inMemory);
    } finally {
      release();
    }
  }

  /** Restores the vectors from before the last run that replaced them. Rejects with `invalid_argument` if there are none. */
  async rollback(): Promise<void> {
    const release = await this.takeToLearn();
    try {
      const previous = (await this.read())?.state.previous;
      if (previous === undefined) throw forgotten(this.id);
      if (previous === null) throw noWayBack(this.id);
      await this.exchange(previous, ({ state }) => ({ state: rolledBack(state) }));
    } finally {
      release();
    }
  }

  /** Takes the learning lock within a moment, or rejects with `locked_by_other_tab`. */
  async takeToLearn(): Promise<Release> {
    const release = await this.storage.takeToLearn(MOMENT);
    if (release !== undefined) return release;
    throw learningElsewhere(this.id);
  }

  /** Closes the profile, and deletes all its stored data. Resolves with the number of bytes freed. */
  async forget(): Promise<{ bytes: number }> {
    await this.finish(forgotten(this.id));
    const gone = await forgetStored(this.storage);
    this.#emit('forgotten');
    return gone;
  }

  /** Closes the profile in this tab. A run in progress ends, but stays stored, so that it resumes when the profile is opened again. */
  async close(): Promise<void> {
    const { run } = this.learning;
    // Pausing stores a checkpoint. Work that can't be paused stores none, so pausing it would only delay closing.
    if (run?.canPause) await run.pause().catch(() => {});
    await this.finish(abortError(`Profile '${this.id}' was disposed of`));
  }

  /** Closes the profile with `reason`, waits until its run has ended, and removes its adapter. */
  async finish(reason: unknown): Promise<void> {
    this.#end(reason);
    await this.learning.over();
    await this.#turns.run(() => this.host.remove(this.#adapter)).catch(() => {}); // if the model was disposed of, its adapter no longer exists
  }

  #end(reason: unknown): void {
    this.#life.abort(reason);
    this.#channel.close();
  }

  async #write<Part extends LargePart = never>(
    body: ProfileChange<Part>,
    ...parts: readonly Part[]
  ): Promise<ProfileState> {
    this.expectOpen();
    const change: ProfileChange<Part> = (stored) => {
      const changes = body(stored);
      return { ...changes, state: { ...changes.state, used_at: Date.now() } };
    };
    const state = await this.storage.update(this.#state.born, change, ...parts);
    this.#channel.notify(this.id);
    return state;
  }

  /** Reads the profile again after another tab has changed or forgotten it. */
  async #reload(): Promise<void> {
    const isGone = await this.#turns.run(async () => {
      if (!this.isOpen) return false;
      const stored = await this.storage.read();
      if (stored?.state.born !== this.#state.born) return true;
      if (isReplaced(this.#state, stored.state)) this.#inMemory = noData;
      await this.#show(stored.state);
      return false;
    });
    if (!isGone) return;
    const over = this.finish(forgotten(this.id));
    this.#emit('forgotten');
    await over;
  }

  /** Switches to a stored state, and to its adapter `fresh`, if it has another. Errors are left to the next call: the state is stored. */
  async #show(state: ProfileState, fresh?: string): Promise<void> {
    try {
      const before = this.#adapter;
      if (state.version !== this.#state.version) {
        const adapter = fresh ?? this.host.newName(this.id);
        if (fresh === undefined) await this.host.place(adapter, filesOf(state.vectors));
        this.#adapter = adapter;
      }
      this.#state = state;
      if (this.#adapter !== before) await this.host.remove(before);
    } catch {}
    this.#emit('change');
  }

  #emit(event: ProfileEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
