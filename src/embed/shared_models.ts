import type { PreTrainedModel, ProgressInfo, Session } from '../index';
import { PageFacts } from './page_facts';
import { untilAborted } from './until_aborted';

/** A holder's right to use a loaded model. */
export interface Lease {
  readonly model: PreTrainedModel;
  /** Frees the model if this is its last holder. `broken`: the model is unusable, so the next holder loads it again. */
  release(options?: { readonly broken?: boolean }): Promise<void>;
}

export interface LoadHandling {
  readonly signal: AbortSignal;
  readonly progress_callback: (info: ProgressInfo) => void;
}

/** A model that is loaded or loading, and its holders. */
interface Entry {
  readonly loading: Promise<PreTrainedModel>;
  readonly abort: AbortController;
  readonly holders: Set<LoadHandling>;
}

/** Loads one copy of each model for all elements of a page. */
export class SharedModels {
  readonly facts = new PageFacts();
  readonly #sessions = new WeakMap<Session, Map<string, Entry>>();

  /**
   * Loads the model for `key`, unless it is already loaded or loading. Rejects with the errors of `load`, or with the signal's reason;
   * loading continues as long as another holder waits for the model.
   */
  async take(
    session: Session,
    key: string,
    load: (handling: LoadHandling) => Promise<PreTrainedModel>,
    handling: LoadHandling,
  ): Promise<Lease> {
    handling.signal.throwIfAborted();
    const entries = this.#sessions.get(session) ?? new Map<string, Entry>();
    this.#sessions.set(session, entries);
    const entry = entries.get(key) ?? begin(load);
    entries.set(key, entry);
    entry.holders.add(handling);
    const evict = (): void => {
      if (entries.get(key) === entry) entries.delete(key);
    };
    try {
      const model = await untilAborted(entry.loading, handling.signal);
      return {
        model,
        release: async ({ broken = false } = {}) => {
          if (broken) evict();
          if (!entry.holders.delete(handling) || entry.holders.size > 0) return;
          evict();
          await model.dispose();
        },
      };
    } catch (error) {
      entry.holders.delete(handling);
      if (entry.holders.size === 0 || !handling.signal.aborted) evict();
      if (entry.holders.size === 0) giveUp(entry, error);
      throw error;
    }
  }
}

function begin(load: (handling: LoadHandling) => Promise<PreTrainedModel>): Entry {
  const abort = new AbortController();
  const holders = new Set<LoadHandling>();
  const progress_callback = (info: ProgressInfo): void => {
    for (const holder of holders) holder.progress_callback(info);
  };
  return { loading: load({ signal: abort.signal, progress_callback }), abort, holders };
}

function giveUp({ loading, abort }: Entry, reason: unknown): void {
  abort.abort(reason);
  loading.then((late) => late.dispose()).catch(() => {}); // usually rejects, because loading was aborted
}
