import { AutoModelForCausalLM } from 'webvera';
import { loadProgress, nothingLoaded } from '../../library/load_meter';
import type { NamedSource } from '../../library/model_files';
import type { Sessions } from '../../library/sessions';
import type { Confirm } from '../../page/confirm';
import type { Store } from '../../page/store';
import type { Rack } from '../rack';
import { type AppState, type ReadyModel, withModel } from '../state';

/** Loads the one model that the whole page uses. */
export class Models {
  readonly #store: Store<AppState>;
  readonly #sessions: Sessions;
  readonly #rack: Rack;
  readonly #confirm: Pick<Confirm, 'ask'>;
  #abort = new AbortController();

  constructor(store: Store<AppState>, sessions: Sessions, rack: Rack, confirm: Pick<Confirm, 'ask'>) {
    this.#store = store;
    this.#sessions = sessions;
    this.#rack = rack;
    this.#confirm = confirm;
  }

  /** Returns the model in use, and loads it if it isn't loaded yet. Only one model may be loading at a time. */
  async ready(): Promise<ReadyModel> {
    const { model, source } = this.#store.value;
    return model ?? this.load(source);
  }

  /**
   * Loads a model, and then frees the previous one, with its voices (adapters that write in somebody's style). If some of these voices are
   * unsaved, asks the visitor first. Rejects with an `AbortError` after `cancel`, and if the visitor refuses.
   */
  async load(named: NamedSource): Promise<ReadyModel> {
    if (!(await this.#mayLoad())) throw new DOMException('The visitor keeps the model in use', 'AbortError');
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#store.set({ loading: nothingLoaded });
    try {
      const base = await AutoModelForCausalLM.from_pretrained(named.source, {
        session: await this.#sessions.get(),
        signal,
        ...(named.gguf_file !== undefined && { gguf_file: named.gguf_file }),
        progress_callback: loadProgress((loading) => this.#store.set({ loading }), signal),
      });
      const old = this.#store.value.model;
      const model = { ...named, base };
      this.#rack.forget();
      this.#store.set(withModel(this.#store.value, model));
      await old?.base.dispose();
      return model;
    } finally {
      this.#store.set({ loading: undefined });
    }
  }

  cancel(): void {
    this.#abort.abort();
  }

  async #mayLoad(): Promise<boolean> {
    const names = this.#store.value.unsaved.map(({ id }) => `“${id}”`);
    if (names.length === 0) return true;
    const [are, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
    const list = new Intl.ListFormat('en').format(names);
    return this.#confirm.ask({
      title: 'Load another model?',
      text: `${list} ${are} not saved, and ${are} lost with the model in use. Save or download ${them} first.`,
      yes: 'Load the model',
      no: 'Keep this one',
    });
  }

  /** Frees the model, with its voices (adapters). */
  drop(): void {
    const { model } = this.#store.value;
    this.#rack.forget();
    this.#store.set({ model: undefined });
    model?.base.dispose().catch(() => {}); // the session may have ended, with the model
  }
}
