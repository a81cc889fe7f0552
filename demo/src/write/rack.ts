import { type AdapterFiles, type AnyAdaptedModel, adapters, PeftModel } from 'webvera';
import { ChoiceProblem } from '../library/choice_problem';
import { freeName } from '../library/model_files';
import type { Sessions } from '../library/sessions';
import type { Store } from '../page/store';
import { type AppState, type HeldVoice, ownIds, type ReadyModel } from './state';
import { ownKey, sourceOf } from './voices';

/** The voices (adapters that write in somebody's style): those on the loaded model, and those in this browser's storage. */
export class Rack {
  readonly #store: Store<AppState>;
  readonly #sessions: Sessions;
  /** The voices on the loaded model, by key. */
  readonly #loaded = new Map<string, Promise<AnyAdaptedModel>>();

  constructor(store: Store<AppState>, sessions: Sessions) {
    this.#store = store;
    this.#sessions = sessions;
  }

  /** Lists the stored voices. An unsaved voice gets a free name if another tab has stored one of the same name. */
  async refresh(): Promise<void> {
    const session = await this.#sessions.get();
    const saved = await adapters.list({ session });
    this.#store.set({ saved });
    for (const voice of this.#store.value.unsaved) {
      if (saved.some(({ id }) => id === voice.id)) this.#rename(voice, freeName(voice.id, ownIds(this.#store.value)));
    }
  }

  /** Returns a voice that is loaded on the model. Loads it if it isn't loaded yet. */
  on({ base, voices }: ReadyModel, key: string): Promise<AnyAdaptedModel> {
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const loading = PeftModel.from_pretrained(base, sourceOf(key, voices?.folder));
    this.#loaded.set(key, loading);
    loading.catch(() => this.#loaded.delete(key));
    return loading;
  }

  /**
   * Chooses a trained voice and stores it. Returns its name, which is a new one if another tab has stored a voice of the same name. If
   * storing fails, the voice stays in memory as an unsaved one.
   */
  async keep(voice: HeldVoice): Promise<string> {
    const { adapted } = voice;
    const { unsaved } = this.#store.value;
    this.#loaded.set(ownKey(voice.id), Promise.resolve(adapted));
    const isHeld = unsaved.some((one) => one.adapted === adapted);
    this.#store.set({ unsaved: isHeld ? unsaved : [voice, ...unsaved], voice: ownKey(voice.id) });
    await this.refresh();
    const id = this.unsavedName(adapted) ?? voice.id;
    await adapted.save_pretrained({ id });
    this.#release(id);
    await this.refresh();
    return id;
  }

  /** Returns the name of a voice that isn't stored yet; undefined if it is stored. */
  unsavedName(adapted: AnyAdaptedModel): string | undefined {
    return this.#store.value.unsaved.find((one) => one.adapted === adapted)?.id;
  }

  async delete(id: string): Promise<void> {
    const session = await this.#sessions.get();
    if (this.#unsaved(id) !== undefined) this.#release(id);
    else await adapters.delete(id, { session });
    await this.#unload(id);
    await this.refresh();
  }

  /** Returns `name`, or the first free name that begins with it. Reads the list again, because other tabs may have stored voices. */
  async freeName(name: string): Promise<string> {
    await this.refresh();
    return freeName(name, ownIds(this.#store.value));
  }

  async import(files: AdapterFiles, id: string): Promise<void> {
    const session = await this.#sessions.get();
    await adapters.import(files, id, { session });
    // A voice that another tab has deleted may still be loaded under this name.
    await this.#unload(id);
    await this.refresh();
  }

  async #unload(id: string): Promise<void> {
    const loaded = this.#loaded.get(ownKey(id));
    this.#loaded.delete(ownKey(id));
    await (await loaded)?.delete_adapter('default');
  }

  /** Returns a voice's files. Throws `ChoiceProblem` if it was deleted, here or in another tab. */
  async files(id: string): Promise<AdapterFiles> {
    const held = this.#unsaved(id);
    if (held !== undefined) return held.adapted.save_pretrained();
    const files = await adapters.get(id, { session: await this.#sessions.get() });
    if (files === undefined) throw new ChoiceProblem(`The voice “${id}” isn't in this browser any more.`);
    return files;
  }

  /** Forgets all voices on the model, which was lost or is being freed. */
  forget(): void {
    this.#loaded.clear();
    this.#store.set({ unsaved: [] });
  }

  #unsaved(id: string): HeldVoice | undefined {
    return this.#store.value.unsaved.find((one) => one.id === id);
  }

  /** Removes a voice from the list of unsaved ones. */
  #release(id: string): void {
    this.#store.set({ unsaved: this.#store.value.unsaved.filter((one) => one.id !== id) });
  }

  #rename(held: HeldVoice, id: string): void {
    const { unsaved, voice } = this.#store.value;
    this.#loaded.delete(ownKey(held.id));
    this.#loaded.set(ownKey(id), Promise.resolve(held.adapted));
    this.#store.set({
      unsaved: unsaved.map((one) => (one === held ? { ...one, id } : one)),
      ...(voice === ownKey(held.id) && { voice: ownKey(id) }),
    });
  }
}
