import { WebVeraError } from '../core/error';
import { readAdapterConfig } from '../formats/peft';
import { checkAdapterModel } from '../formats/peft_check';
import { type AdapterRecord, AdapterStore } from '../store/adapter_store';
import type { BlobStore } from '../store/blob_store';
import type { AdapterBytes } from './adapter_files';
import type { StoredAdapter } from './protocol';
import { known } from './store_failures';

/** The adapters stored on this device, by id. */
export class AdapterShelf {
  readonly #adapters: AdapterStore;

  constructor(store: BlobStore) {
    this.#adapters = new AdapterStore(store);
  }

  /** Those that can be read; a damaged record doesn't hide the others. */
  async list(): Promise<StoredAdapter[]> {
    const stored: StoredAdapter[] = [];
    for (const id of await known(this.#adapters.ids())) {
      const found = await this.#describe(id).catch((error: unknown) => {
        if (error instanceof WebVeraError && ['storage_corrupt', 'invalid_format'].includes(error.code))
          return undefined;
        throw error;
      });
      if (found !== undefined) stored.push(found);
    }
    return stored;
  }

  async get(id: string): Promise<AdapterBytes | undefined> {
    const record = await known(this.#adapters.get(id));
    if (record === undefined) return undefined;
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

  /** Replaces what had that id. Throws `storage_full`, `storage_unavailable`, and `invalid_format` for other files. */
  async set(id: string, { config, model }: AdapterBytes): Promise<StoredAdapter> {
    const read = readAdapterConfig(config);
    checkAdapterModel(model, read);
    const { base_model_name_or_path: base_model } = read;
    const text = new TextDecoder().decode(config);
    const record = { config: text, weights: model, created_at: Date.now(), base_model };
    await known(this.#adapters.set(id, record));
    return describe(id, record);
  }

  async delete(id: string): Promise<void> {
    await known(this.#adapters.delete(id));
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
