import { abortError } from '../../core/async/abort';
import { Serial } from '../../core/async/serial';
import { WebVeraError } from '../../core/errors/error';
import type { Files } from '../../core/input/named_files';
import type { SentExample } from '../../core/types/training';
import { type KeptExample, keepFairly } from './examples/examples';
import type { ProfileHost } from './host';
import { type LearningProfile, ProfileLearning } from './learning/learning';
import { type Opened, withExamples, withSettings } from './open';
import type { Openable } from './shared';
import { ProfileChannel } from './storage/channel';
import { placeFiles } from './storage/files';
import type { Release } from './storage/locks';
import { filesOf, infoOf, type ProfileState, type Vectors } from './storage/record';
import { type Changes, forgotten, type ProfileShelf, type StoredProfile } from './storage/shelf';
import type { ProfileInfo, ProfileOptions } from './types';

export type ProfileEvent = 'change' | 'forgotten';

/** Milliseconds that another tab may have the lock of learning without learning. */
const MOMENT = 1000;

/** An open profile: what is stored of it, and its adapter in the model, which follow what other tabs do. */
export class OpenProfile implements Openable, LearningProfile {
  readonly id: string;
  readonly host: ProfileHost;
  readonly shelf: ProfileShelf;
  readonly learning: ProfileLearning;
  /** Who hears of its events. */
  readonly listeners = new Set<(event: ProfileEvent) => void>();
  /** Aborts when the profile is no more. */
  readonly life: AbortSignal;
  readonly #life = new AbortController();
  readonly #channel: ProfileChannel;
  readonly #turns = new Serial();
  #state: ProfileState;
  #adapter: string;
  /** Examples that aren't to be stored. */
  #unkept: readonly KeptExample[];

  private constructor(host: ProfileHost, shelf: ProfileShelf, { state, adapter, unkept }: Opened) {
    this.id = shelf.id;
    this.host = host;
    this.shelf = shelf;
    this.life = this.#life.signal;
    this.#state = state;
    this.#adapter = adapter;
    this.#unkept = unkept;
    this.learning = new ProfileLearning(this, () => this.#emit('change'));
    this.#channel = new ProfileChannel((id) => {
      if (id === '' || id === this.id) this.#lookAgain().catch(() => {}); // the next call tells
    });
    const { ended } = host.link;
    ended.addEventListener('abort', () => this.#end(ended.reason), { once: true, signal: this.life });
  }

  /** Goes on with what `opened` resolves with, and with the run that a closed page left behind, if there is one. */
  static async open(host: ProfileHost, shelf: ProfileShelf, opened: Promise<Opened>): Promise<OpenProfile> {
    const profile = new OpenProfile(host, shelf, await opened);
    try {
      await profile.learning.goOn();
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
    return this.#state.settings.keep_examples ? info : { ...info, examples: this.#unkept.length };
  }

  /** The name of its adapter in the model. */
  get adapter(): string {
    this.expectOpen();
    return this.#adapter;
  }

  /** Whether it is no more because there is nothing left of it. */
  get isForgotten(): boolean {
    const { aborted, reason } = this.life;
    return aborted && reason instanceof WebVeraError && reason.code === 'not_found';
  }

  expectOpen(): void {
    if (!this.isOpen) throw closed(this.id, this.life.reason);
  }

  /** What is stored, unless it was forgotten since. */
  async read(): Promise<StoredProfile | undefined> {
    const stored = await this.shelf.readWhole();
    return stored?.state.born === this.#state.born ? stored : undefined;
  }

  examples(stored: StoredProfile): readonly KeptExample[] {
    return stored.state.settings.keep_examples ? stored.examples() : this.#unkept;
  }

  add(coming: readonly SentExample[]): Promise<void> {
    return this.#changeExamples((stored) => {
      const { state } = stored;
      const { seed, seen, settings } = state;
      const kept = keepFairly(this.examples(stored), coming, { seed, seen, most: settings.max_examples });
      return { kept, state: { ...state, seen: seen + coming.length } };
    });
  }

  /** Takes settings over that are given now. */
  async configure(options: ProfileOptions): Promise<void> {
    await this.#changeExamples((stored) => withSettings(stored.state, this.examples(stored), options));
    // What a run that was cut off has left is examples, too.
    if (!this.#state.settings.keep_examples && this.learning.run === undefined) await this.shelf.deleteCheckpoints();
  }

  /** Changes what is stored, and then what is shown, here and in other tabs. Whatever fails, nothing has changed. */
  change(body: (stored: StoredProfile) => Changes): Promise<void> {
    return this.#turns.run(async () => this.#show(await this.#write(body)));
  }

  /** As `change`, with other vectors: those are on the GPU before anything is written. */
  exchange(vectors: Vectors, body: (stored: StoredProfile) => Changes, unkept?: readonly KeptExample[]): Promise<void> {
    return this.#turns.run(async () => {
      this.expectOpen();
      const fresh = this.host.newName(this.id);
      await this.host.place(fresh, filesOf(vectors));
      try {
        const state = await this.#write((stored) => {
          const { state: next, ...rest } = body(stored);
          return { ...rest, state: { ...next, vectors, version: stored.state.version + 1 } };
        });
        if (unkept !== undefined) this.#unkept = unkept;
        await this.#take(fresh, state);
      } catch (error) {
        if (this.#adapter !== fresh) await this.host.remove(fresh);
        throw error;
      }
    });
  }

  /** Puts what files hold in the place of all that there is. Whatever fails, nothing of what is stored has changed. */
  async replace(files: Files, options: ProfileOptions): Promise<void> {
    const { signal } = options;
    this.expectOpen();
    const { adapter, state, kept } = await placeFiles(this.host, this.id, files, options);
    await this.host.remove(adapter);
    signal?.throwIfAborted();
    await this.learning.end(abortError(`What profile '${this.id}' was learning is replaced`));
    const release = await this.takeToLearn();
    try {
      const change = ({ state: { born } }: StoredProfile): Changes => {
        signal?.throwIfAborted();
        return { ...withExamples({ ...state, born }, kept), unfinished: null };
      };
      await this.exchange(state.vectors, change, state.settings.keep_examples ? [] : kept);
    } finally {
      release();
    }
  }

  /** Another tab may have the lock for the moment in which it looks whether there is something to go on with. */
  async takeToLearn(): Promise<Release> {
    const late = AbortSignal.timeout(MOMENT);
    const release = await this.shelf.waitToLearn(late).catch((error: unknown) => {
      if (error !== late.reason) throw error;
    });
    if (release !== undefined) return release;
    throw new WebVeraError('locked_by_other_tab', `Profile '${this.id}' is learning in another tab or run`, {
      retryable: true,
      hint: 'Wait until it ends, or stop it there.',
    });
  }

  /** Ends it here. What it is learning is kept as it stands. */
  async close(): Promise<void> {
    // A run that pauses is kept.
    await this.learning.run?.pause().catch(() => {});
    await this.finish(abortError(`Profile '${this.id}' was disposed of`));
  }

  /** Ends it for a reason, and lets its adapter go. */
  async finish(reason: unknown): Promise<void> {
    this.#end(reason);
    await this.learning.over();
    await this.#turns.run(() => this.host.remove(this.#adapter)).catch(() => {}); // if the model is gone, so is its adapter
  }

  #end(reason: unknown): void {
    this.#life.abort(reason);
    this.#channel.close();
  }

  #changeExamples(
    body: (stored: StoredProfile) => { readonly state: ProfileState; readonly kept: readonly KeptExample[] },
  ): Promise<void> {
    return this.#turns.run(async () => {
      let unkept = this.#unkept;
      const state = await this.#write((stored) => {
        const { state: next, kept } = body(stored);
        const changes = withExamples(next, kept);
        unkept = next.settings.keep_examples ? [] : kept;
        return changes;
      });
      this.#unkept = unkept;
      await this.#show(state);
    });
  }

  async #write(body: (stored: StoredProfile) => Changes): Promise<ProfileState> {
    this.expectOpen();
    const state = await this.shelf.update(this.#state.born, (stored) => {
      const changes = body(stored);
      return { ...changes, state: { ...changes.state, used_at: Date.now() } };
    });
    this.#channel.tell(this.id);
    return state;
  }

  /** Another tab has changed it, or forgotten it. */
  async #lookAgain(): Promise<void> {
    const isGone = await this.#turns.run(async () => {
      if (!this.isOpen) return false;
      const stored = await this.shelf.read();
      if (stored?.state.born !== this.#state.born) return true;
      await this.#show(stored.state);
      return false;
    });
    if (!isGone) return;
    const over = this.finish(forgotten(this.id));
    this.#emit('forgotten');
    await over;
  }

  async #show(state: ProfileState): Promise<void> {
    if (state.version !== this.#state.version) {
      const fresh = this.host.newName(this.id);
      await this.host.place(fresh, filesOf(state.vectors));
      return this.#take(fresh, state);
    }
    this.#state = state;
    this.#emit('change');
  }

  /** Uses the adapter of that name from now on. */
  async #take(adapter: string, state: ProfileState): Promise<void> {
    const before = this.#adapter;
    this.#adapter = adapter;
    this.#state = state;
    await this.host.remove(before);
    this.#emit('change');
  }

  #emit(event: ProfileEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}

export function closed(id: string, cause?: unknown): WebVeraError {
  return new WebVeraError('invalid_argument', `Expected an open profile, got '${id}', which is closed`, {
    hint: 'It was disposed of or forgotten, or its session ended. Profile.open opens it again.',
    cause,
  });
}
