import { areEqual, sha256 } from '../core/input/digest';
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

/** Tells what is stored under an id from what was stored there before. */
export interface Revision {
  readonly created_at: number;
  /** Of both files; empty for what was stored before hashes were kept, and where there are none. */
  readonly hash: string;
}

interface StoredRecord extends AdapterRecord {
  readonly revision: Revision;
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

  /** Replaces what had that id. `replaced` is what that was, whoever stored it. */
  async set(
    id: string,
    record: AdapterRecord,
  ): Promise<{ readonly stored: Revision; readonly replaced: Revision | undefined }> {
    const value = { format, ...record, sha256: await hashOf(record) };
    const before = await this.#store.replace(ADAPTERS + id, value);
    return { stored: revisionOf(value), replaced: before === undefined ? undefined : revisionOf(before) };
  }

  /** Rejects with `storage_corrupt` for a record that isn't as it was written. */
  async get(id: string): Promise<StoredRecord | undefined> {
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

/** What was stored before hashes were kept has none. */
async function readRecord(id: string, value: unknown): Promise<StoredRecord> {
  const { format: version, config, weights, created_at, base_model, sha256: expected } = fieldsOf(value);
  const isWhole =
    version === format &&
    typeof config === 'string' &&
    weights instanceof Uint8Array &&
    weights.buffer instanceof ArrayBuffer &&
    typeof created_at === 'number' &&
    (base_model === null || typeof base_model === 'string') &&
    (expected === undefined || expected instanceof Uint8Array);
  if (!isWhole) {
    throw new StoreError('storage_corrupt', `The stored adapter '${id}' can't be read: expected format ${format}`);
  }
  const record = { config, weights: weights as Uint8Array<ArrayBuffer>, created_at, base_model };
  const actual = await hashOf(record);
  if (expected !== undefined && actual !== undefined && !areEqual(actual, expected)) {
    throw new StoreError('storage_corrupt', `The stored adapter '${id}' isn't as it was written: its hash differs`);
  }
  return { ...record, revision: revisionOf(value) };
}

/** Of both files. Pages that aren't secure, where nothing trains, can't make any. */
async function hashOf({ config, weights }: AdapterRecord): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if ((crypto.subtle as SubtleCrypto | undefined) === undefined) return undefined;
  const text = new TextEncoder().encode(config);
  const both = new Uint8Array(text.length + 32);
  both.set(await sha256(weights));
  both.set(text, 32);
  return sha256(both);
}

/** Also of a record that is damaged. */
function revisionOf(value: unknown): Revision {
  const { created_at, sha256: hash } = fieldsOf(value);
  return {
    created_at: typeof created_at === 'number' ? created_at : 0,
    hash: hash instanceof Uint8Array ? hash.join() : '',
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Record<string, unknown>;
}
