import type { BlobStore } from './blob_store';
import { StoreError } from './store_error';

/** A saved adapter: PEFT's two files, and what a list of adapters shows without reading them. */
export interface AdapterRecord {
  /** adapter_config.json as text. */
  readonly config: string;
  /** adapter_model.safetensors. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** Milliseconds since 1970. */
  readonly created_at: number;
  readonly base_model: string | null;
}

/** Bumped when older code could misread what is stored. */
const format = 1;
export const ADAPTERS = 'adapter/';

/** Adapters by id. One record holds all of an adapter, so that saving it is atomic. */
export class AdapterStore {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** Replaces what had that id. */
  async set(id: string, record: AdapterRecord): Promise<void> {
    await this.#store.setMany([[ADAPTERS + id, { format, ...record }]]);
  }

  /** Rejects with `storage_corrupt` for a record that isn't as it was written. */
  async get(id: string): Promise<AdapterRecord | undefined> {
    const value = await this.#store.get(ADAPTERS + id);
    return value === undefined ? undefined : readRecord(id, value);
  }

  /** In the order of their ids. */
  async ids(): Promise<readonly string[]> {
    const keys = await this.#store.keys();
    return keys.filter((key) => key.startsWith(ADAPTERS)).map((key) => key.slice(ADAPTERS.length));
  }

  async delete(id: string): Promise<void> {
    await this.#store.deleteMany([ADAPTERS + id]);
  }
}

function readRecord(id: string, value: unknown): AdapterRecord {
  const { format: version, config, weights, created_at, base_model } = (value ?? {}) as Record<string, unknown>;
  const isWhole =
    version === format &&
    typeof config === 'string' &&
    weights instanceof Uint8Array &&
    weights.buffer instanceof ArrayBuffer &&
    typeof created_at === 'number' &&
    (base_model === null || typeof base_model === 'string');
  if (!isWhole) {
    throw new StoreError('storage_corrupt', `The stored adapter '${id}' can't be read: expected format ${format}`);
  }
  return { config, weights: weights as Uint8Array<ArrayBuffer>, created_at, base_model };
}
