import { type AdapterFiles, adapters, VeraModel } from 'webvera';
import type { Sessions } from '../../library/sessions';
import type { Store } from '../../page/store';
import type { ActiveAdapter, AppState } from '../state';

/** The adapters in this browser, and the one that is switched on. */
export class AdapterRack {
  readonly #store: Store<AppState>;
  readonly #sessions: Sessions;
  /** The adapters on the loaded model, by id. */
  readonly #loaded = new Map<string, VeraModel>();

  constructor(store: Store<AppState>, sessions: Sessions) {
    this.#store = store;
    this.#sessions = sessions;
  }

  async refresh(): Promise<void> {
    const session = await this.#sessions.get();
    this.#store.set({ saved: await adapters.list({ session }) });
  }

  async switchOn(id: string): Promise<void> {
    const { model, unsaved } = this.#store.value;
    if (model === undefined) return;
    const held = unsaved?.id === id ? unsaved.vera : this.#loaded.get(id);
    const vera = held ?? (await VeraModel.from_pretrained(model.base, { id }));
    this.#loaded.set(id, vera);
    this.#store.set({ active: { id, vera } });
  }

  switchOff(): void {
    this.#store.set({ active: undefined });
  }

  /** Switches a trained adapter on and stores it. If storing fails, the adapter stays in memory as the unsaved one. */
  async keep(adapter: ActiveAdapter): Promise<void> {
    const { id, vera } = adapter;
    this.#loaded.set(id, vera);
    this.#store.set({ active: adapter, unsaved: adapter });
    await vera.save_pretrained({ id });
    this.#store.set({ unsaved: undefined });
    await this.refresh();
  }

  async delete(id: string): Promise<void> {
    const { active, unsaved } = this.#store.value;
    const session = await this.#sessions.get();
    if (unsaved?.id === id) this.#store.set({ unsaved: undefined });
    else await adapters.delete(id, { session });
    if (active?.id === id) this.switchOff();
    const vera = this.#loaded.get(id);
    this.#loaded.delete(id);
    await vera?.delete_adapter('default');
    await this.refresh();
  }

  async import(files: AdapterFiles, id: string): Promise<void> {
    const session = await this.#sessions.get();
    await adapters.import(files, id, { session });
    await this.refresh();
  }

  async files(id: string): Promise<AdapterFiles | undefined> {
    const { unsaved } = this.#store.value;
    if (unsaved?.id === id) return unsaved.vera.save_pretrained();
    return adapters.get(id, { session: await this.#sessions.get() });
  }

  /** Forgets all adapters, because their model is gone. */
  forget(): void {
    this.#loaded.clear();
    this.#store.set({ active: undefined, unsaved: undefined });
  }
}
