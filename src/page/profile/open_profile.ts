import { WebVeraError } from '../../core/error';
import { Serial } from '../../core/serial';
import type { Example } from '../../core/training';
import { ProfileChannel } from './channel';
import { type KeptExample, keepFairly, toJsonLines } from './examples';
import type { ProfileHost } from './host';
import type { Release } from './locks';
import { filesOf, infoOf, type ProfileState } from './record';
import { adapterName, type Changes, forgotten, type ProfileShelf, type StoredProfile } from './shelf';
import type { ProfileInfo } from './types';

export type ProfileEvent = 'change' | 'forgotten';

/** An open profile: what is stored of it, and its adapter in the model, which follow what other tabs do. */
export class OpenProfile {
  readonly id: string;
  readonly host: ProfileHost;
  readonly shelf: ProfileShelf;
  /** Aborts when the profile is no more. */
  readonly life: AbortSignal;
  readonly #life = new AbortController();
  readonly #channel: ProfileChannel;
  readonly #turns = new Serial();
  readonly #emit: (event: ProfileEvent) => void;
  #state: ProfileState;
  #adapter: string;
  /** Examples that aren't to be stored. */
  #unkept: readonly KeptExample[] = [];

  constructor(host: ProfileHost, shelf: ProfileShelf, state: ProfileState, emit: (event: ProfileEvent) => void) {
    this.id = shelf.id;
    this.host = host;
    this.shelf = shelf;
    this.life = this.#life.signal;
    this.#emit = emit;
    this.#state = state;
    this.#adapter = adapterName(this.id, state.version);
    this.#channel = new ProfileChannel((id) => {
      if (id === '' || id === this.id) this.#lookAgain().catch(() => {}); // the next call tells
    });
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

  /** Throws once the profile is no more. */
  expectOpen(): void {
    if (!this.life.aborted) return;
    throw new WebVeraError('invalid_argument', `Expected an open profile, got '${this.id}', which is closed`, {
      hint: 'It was disposed of or forgotten. Profile.open opens it again.',
      cause: this.life.reason,
    });
  }

  /** Whether it is no more because there is nothing left of it. */
  get isForgotten(): boolean {
    const { aborted, reason } = this.life;
    return aborted && reason instanceof WebVeraError && reason.code === 'not_found';
  }

  /** What is stored, unless it was forgotten since. */
  async read(): Promise<StoredProfile | undefined> {
    const stored = await this.shelf.read();
    return stored?.state.born === this.#state.born ? stored : undefined;
  }

  examples(stored: StoredProfile): readonly KeptExample[] {
    return stored.state.settings.keep_examples ? stored.examples() : this.#unkept;
  }

  async add(coming: readonly Example[]): Promise<void> {
    let unkept = this.#unkept;
    await this.change((stored) => {
      const { state } = stored;
      const { seed, seen, settings } = state;
      const kept = keepFairly(this.examples(stored), coming, { seed, seen, most: settings.max_examples });
      const next = { ...state, seen: seen + coming.length };
      if (!settings.keep_examples) {
        unkept = kept;
        return { state: next };
      }
      const example_bytes = new TextEncoder().encode(toJsonLines(kept.map(({ example }) => example))).length;
      return { state: { ...next, kept: kept.length, example_bytes }, examples: kept };
    });
    this.#unkept = unkept;
  }

  /** Changes what is stored, and then what is shown, here and in other tabs. Whatever fails, nothing has changed. */
  change(body: (stored: StoredProfile) => Changes): Promise<void> {
    return this.#turns.run(async () => {
      this.expectOpen();
      const state = await this.shelf.update(this.#state.born, (stored) => {
        const changes = body(stored);
        return { ...changes, state: { ...changes.state, used_at: Date.now() } };
      });
      this.#channel.tell(this.id);
      await this.#show(state);
    });
  }

  async takeToLearn(): Promise<Release> {
    const release = await this.shelf.takeToLearn();
    if (release !== undefined) return release;
    throw new WebVeraError('locked_by_other_tab', `Profile '${this.id}' is learning in another tab or run`, {
      retryable: true,
      hint: 'Wait until it ends, or stop it there.',
    });
  }

  /** Ends it, but for what is stored. */
  end(reason: unknown): void {
    this.#life.abort(reason);
    this.#channel.close();
    this.host.open.delete(this.id);
  }

  /** Lets its adapter go. */
  async leave(): Promise<void> {
    await this.host.remove(this.#adapter).catch(() => {}); // if the model is gone, so is its adapter
  }

  /** Another tab has changed it, or forgotten it. */
  #lookAgain(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.life.aborted) return;
      const stored = await this.read();
      if (stored !== undefined) return this.#show(stored.state);
      this.end(forgotten(this.id));
      this.#emit('forgotten');
    });
  }

  async #show(state: ProfileState): Promise<void> {
    if (state.version !== this.#state.version) {
      const [before, now] = [this.#adapter, adapterName(this.id, state.version)];
      await this.host.place(now, filesOf(state.vectors));
      this.#adapter = now;
      await this.host.remove(before);
    }
    this.#state = state;
    this.#emit('change');
  }
}
