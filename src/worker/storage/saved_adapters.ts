import { kindNamed, readAdapterConfig } from '../../adapters/adapter_kinds';
import { checkAdapterModel } from '../../adapters/files/check_adapter';
import type { AdapterBytes } from '../../adapters/files/write_adapter';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { type AdapterRecord, AdapterStore, type Revision } from '../../store/adapter_store';
import type { BlobStore } from '../../store/blob_store';
import type { StoredAdapter } from './storage_protocol';
import { known } from './store_failures';

/** The saved adapters of this browser, by id. */
export class SavedAdapters {
  readonly #adapters: AdapterStore;
  readonly #warn: Warn;
  readonly #since = Date.now();
  /** The revision of each id that this session last read or stored. `list` doesn't count as reading. */
  readonly #seen = new Map<string, Revision>();

  constructor(store: BlobStore, warn: Warn) {
    this.#adapters = new AdapterStore(store);
    this.#warn = warn;
  }

  /** Returns the saved adapters that can be read. For each damaged one, warns and continues with the others. */
  async list(): Promise<StoredAdapter[]> {
    const stored: StoredAdapter[] = [];
    for (const id of await known(this.#adapters.ids())) {
      const found = await this.#describe(id).catch((error: unknown) => {
        const isDamaged = error instanceof WebVeraError && ['storage_corrupt', 'invalid_format'].includes(error.code);
        if (!isDamaged) throw error;
        this.#warn({ code: 'storage_corrupt', message: `Adapter '${id}' is stored, but not listed: ${error.message}` });
        return undefined;
      });
      if (found !== undefined) stored.push(found);
    }
    return stored;
  }

  async get(id: string): Promise<AdapterBytes | undefined> {
    const record = await known(this.#adapters.get(id));
    if (record === undefined) return undefined;
    this.#seen.set(id, record.revision);
    return { config: new TextEncoder().encode(record.config), model: record.weights };
  }

  /** Like `get`, but throws `not_found` if there is no adapter with this id. */
  async expect(id: string): Promise<AdapterBytes> {
    const bytes = await this.get(id);
    if (bytes !== undefined) return bytes;
    throw notFound(id);
  }

  /**
   * Stores an adapter. Replaces the adapter with that id, with a warning if another tab has stored it. Throws `storage_full` or
   * `storage_unavailable`, or `invalid_format` if the files aren't those of an adapter.
   */
  async set(id: string, { config, model }: AdapterBytes): Promise<StoredAdapter> {
    const read = readAdapterConfig(config);
    checkAdapterModel(model, kindNamed(read), read);
    const { base_model_name_or_path: base_model } = read;
    const text = new TextDecoder().decode(config);
    const record = { config: text, weights: model, created_at: Date.now(), base_model };
    const { stored, replaced } = await known(this.#adapters.set(id, record), true);
    if (replaced !== undefined && this.#isOthers(id, replaced)) {
      const message = `Adapter '${id}' took the place of one that another tab has stored since it was last read here`;
      this.#warn({ code: 'overwritten', message: `${message}. Save under another id to keep both.` });
    }
    this.#seen.set(id, stored);
    return describe(id, record);
  }

  /** Throws `not_found` if there is no adapter `id`, and `invalid_argument` if another adapter has the id `to`. */
  async rename(id: string, to: string): Promise<void> {
    const outcome = await known(this.#adapters.rename(id, to));
    if (outcome === 'missing') throw notFound(id);
    if (outcome === 'taken') {
      throw new WebVeraError('invalid_argument', `to: expected an id that no stored adapter has, got '${to}'`, {
        hint: 'adapters.delete(to) deletes the adapter that has it.',
      });
    }
    const last = this.#seen.get(id);
    if (last === undefined) this.#seen.delete(to);
    else this.#seen.set(to, last);
  }

  async delete(id: string): Promise<void> {
    await known(this.#adapters.delete(id));
  }

  /**
   * Whether another tab stored this revision after this session last read or stored the adapter `id`. If this session has neither read nor
   * stored it, only revisions newer than the session count, because the caller may know of older ones.
   */
  #isOthers(id: string, { created_at, hash }: Revision): boolean {
    const last = this.#seen.get(id);
    return last === undefined ? created_at > this.#since : created_at !== last.created_at || hash !== last.hash;
  }

  async #describe(id: string): Promise<StoredAdapter | undefined> {
    const record = await known(this.#adapters.get(id));
    return record === undefined ? undefined : describe(id, record);
  }
}

function notFound(id: string): WebVeraError {
  return new WebVeraError('not_found', `Expected a stored adapter '${id}', but there is none of that id`, {
    hint: 'adapters.list() returns the adapters saved in this browser.',
  });
}

function describe(id: string, record: AdapterRecord): StoredAdapter {
  const config = new TextEncoder().encode(record.config);
  const { created_at, base_model, weights } = record;
  return {
    id,
    bytes: config.length + weights.length,
    created_at,
    base_model,
    config: { ...readAdapterConfig(config) },
  };
}
