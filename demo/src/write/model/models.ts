import { AutoModelForCausalLM } from 'webvera';
import { loadProgress, nothingLoaded } from '../../library/load_meter';
import type { NamedSource } from '../../library/model_files';
import type { Sessions } from '../../library/sessions';
import type { Store } from '../../page/store';
import type { Rack } from '../rack';
import { type AppState, type ReadyModel, withModel } from '../state';

/** Loads the model that all of the page uses. */
export class Models {
  readonly #store: Store<AppState>;
  readonly #sessions: Sessions;
  readonly #rack: Rack;
  #abort = new AbortController();

  constructor(store: Store<AppState>, sessions: Sessions, rack: Rack) {
    this.#store = store;
    this.#sessions = sessions;
    this.#rack = rack;
  }

  /** The model in use, which is loaded if it isn't yet. Only one model may be loading at a time. */
  async ready(): Promise<ReadyModel> {
    const { model, source } = this.#store.value;
    return model ?? this.load(source);
  }

  /** Loads a model, and then frees the one before. Rejects with an `AbortError` after `cancel`. */
  async load(named: NamedSource): Promise<ReadyModel> {
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

  /** Releases the model with its voices. */
  drop(): void {
    const { model } = this.#store.value;
    this.#rack.forget();
    this.#store.set({ model: undefined });
    model?.base.dispose().catch(() => {}); // the session may have ended, with the model
  }
}
