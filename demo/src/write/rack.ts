import { type AdapterFiles, type AnyAdaptedModel, adapters, PeftModel } from 'webvera';
import { ChoiceProblem } from '../library/choice_problem';
import { freeName } from '../library/model_files';
import type { Sessions } from '../library/sessions';
import type { Store } from '../page/store';
import { type AppState, type HeldVoice, ownIds, type ReadyModel } from './state';
import { ownKey, sourceOf } from './voices';

/** The voices: those on the loaded model, and those in this browser's storage. */
export class Rack {
  readonly #store: Store<AppState>;
  readonly #sessions: Sessions;
  /** The voices on the loaded model, by key. */
  readonly #loaded = new Map<string, Promise<AnyAdaptedModel>>();

  constructor(store: Store<AppState>, sessions: Sessions) {
    this.#store = store;
    this.#sessions = sessions;
  }

  async refresh(): Promise<void> {
    const session = await this.#sessions.get();
    this.#store.set({ saved: await adapters.list({ session }) });
  }

  /** A voice on the model, which is loaded once. */
  on({ base, voices }: ReadyModel, key: string): Promise<AnyAdaptedModel> {
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const loading = PeftModel.from_pretrained(base, sourceOf(key, voices?.folder));
    this.#loaded.set(key, loading);
    loading.catch(() => this.#loaded.delete(key));
    return loading;
  }

  /** Chooses a trained voice and stores it. If storing fails, it stays in memory as the unsaved one. */
  async keep(voice: HeldVoice): Promise<void> {
    const { id, adapted } = voice;
    this.#loaded.set(ownKey(id), Promise.resolve(adapted));
    this.#store.set({ unsaved: voice, voice: ownKey(id) });
    await adapted.save_pretrained({ id });
    this.#store.set({ unsaved: undefined });
    await this.refresh();
  }

  async delete(id: string): Promise<void> {
    const { unsaved } = this.#store.value;
    const session = await this.#sessions.get();
    if (unsaved?.id === id) this.#store.set({ unsaved: undefined });
    else await adapters.delete(id, { session });
    const loaded = this.#loaded.get(ownKey(id));
    this.#loaded.delete(ownKey(id));
    await (await loaded)?.delete_adapter('default');
    await this.refresh();
  }

  /** The name, or the first free one after it. Other tabs may have taken names meanwhile. */
  async freeName(name: string): Promise<string> {
    await this.refresh();
    return freeName(name, ownIds(this.#store.value));
  }

  async import(files: AdapterFiles, id: string): Promise<void> {
    const session = await this.#sessions.get();
    await adapters.import(files, id, { session });
    await this.refresh();
  }

  /** A voice's files. Throws `ChoiceProblem` if it was deleted, here or in another tab. */
  async files(id: string): Promise<AdapterFiles> {
    const { unsaved } = this.#store.value;
    if (unsaved?.id === id) return unsaved.adapted.save_pretrained();
    const files = await adapters.get(id, { session: await this.#sessions.get() });
    if (files === undefined) throw new ChoiceProblem(`The voice “${id}” isn't in this browser any more.`);
    return files;
  }

  /** Forgets all voices on the model, because it is gone. */
  forget(): void {
    this.#loaded.clear();
    this.#store.set({ unsaved: undefined });
  }
}
