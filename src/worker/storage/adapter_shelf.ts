import { checkAdapterModel } from '../../adapters/files/check_adapter';
import type { AdapterBytes } from '../../adapters/files/write_adapter';
import { kindNamed, readAdapterConfig } from '../../adapters/kinds';
import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { type AdapterRecord, AdapterStore, type Revision } from '../../store/adapter_store';
import type { BlobStore } from '../../store/blob_store';
import type { StoredAdapter } from './protocol';
import { known } from './store_failures';

/** The adapters stored on this device, by id. */
export class AdapterShelf {
  readonly #adapters: AdapterStore;
  readonly #warn: Warn;
  readonly #since = Date.now();
  /** What was last read or stored here under an id. A list reads none. */
  readonly #seen = new Map<string, Revision>();

  constructor(store: BlobStore, warn: Warn) {
    this.#adapters = new AdapterStore(store);
    this.#warn = warn;
  }

  /** Those that can be read; a damaged record doesn't hide the others, and is told. */
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

  /** Like `get`, but throws `not_found`. */
  async expect(id: string): Promise<AdapterBytes> {
    const bytes = await this.get(id);
    if (bytes !== undefined) return bytes;
    throw new WebVeraError('not_found', `Expected a stored adapter '${id}', but there is none of that id`, {
      hint: 'adapters.list() tells what is stored in this browser.',
    });
  }

  /**
   * Replaces what had that id, and warns where another tab stored that meanwhile. Throws `storage_full`,
   * `storage_unavailable`, and `invalid_format` for other files.
   */
  async set(id: string, { config, model }: AdapterBytes): Promise<StoredAdapter> {
    const read = readAdapterConfig(config);
    checkAdapterModel(model, kindNamed(read), read);
    const { base_model_name_or_path: base_model } = read;
    const text = new TextDecoder().decode(config);
    const record = { config: text, weights: model, created_at: Date.now(), base_model };
    const { stored, replaced } = await known(this.#adapters.set(id, record));
    if (replaced !== undefined && this.#isOthers(id, replaced)) {
      const message = `Adapter '${id}' took the place of one that another tab has stored since it was last read here`;
      this.#warn({ code: 'overwritten', message: `${message}. Save under another id to keep both.` });
    }
    this.#seen.set(id, stored);
    return describe(id, record);
  }

  async delete(id: string): Promise<void> {
    await known(this.#adapters.delete(id));
  }

  /** What was there before this session is known to whoever chose the id. */
  #isOthers(id: string, { created_at, hash }: Revision): boolean {
    const last = this.#seen.get(id);
    return last === undefined ? created_at > this.#since : created_at !== last.created_at || hash !== last.hash;
  }

  async #describe(id: string): Promise<StoredAdapter | undefined> {
    const record = await known(this.#adapters.get(id));
    return record === undefined ? undefined : describe(id, record);
  }
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
