import { joinBytes } from '../core/input/bytes';
import { areEqual, sha256 } from '../core/input/digest';
import { type BlobStore, fieldsOf, isBytes } from './blob_store';
import { StoreError } from './store_error';

/** A saved adapter: PEFT's two files, and values that a list of adapters shows. */
export interface AdapterRecord {
  /** adapter_config.json as text. */
  readonly config: string;
  /** adapter_model.safetensors. */
  readonly weights: Uint8Array<ArrayBuffer>;
  /** The time of the save, in milliseconds since 1970. */
  readonly created_at: number;
  readonly base_model: string | null;
}

/** Identifies a stored version of an adapter. */
export interface Revision {
  readonly created_at: number;
  /** The hash of the adapter's two files; '' for adapters saved before hashes were introduced, and in pages without SubtleCrypto. */
  readonly hash: string;
}

interface StoredRecord extends AdapterRecord {
  readonly revision: Revision;
}

/** The version of the stored format: increased when older code could misread the data. */
const format = 1;
export const ADAPTERS = 'adapter/';

/** Saved adapters by id. One record holds a whole adapter, so that saving it is atomic. */
export class AdapterStore {
  readonly #store: BlobStore;

  constructor(store: BlobStore) {
    this.#store = store;
  }

  /** Stores an adapter under an id. `replaced` is the version that was stored under that id before. */
  async set(
    id: string,
    record: AdapterRecord,
  ): Promise<{ readonly stored: Revision; readonly replaced: Revision | undefined }> {
    const value = { format, ...record, sha256: await hashOf(record) };
    const before = await this.#store.replace(ADAPTERS + id, value);
    return { stored: revisionOf(value), replaced: before === undefined ? undefined : revisionOf(before) };
  }

  /** Reads and verifies an adapter. Rejects with `storage_corrupt` if the record is damaged, or of a newer version. */
  async get(id: string): Promise<StoredRecord | undefined> {
    const value = await this.#store.get(ADAPTERS + id);
    return value === undefined ? undefined : readRecord(id, value);
  }

  /** All ids, sorted. */
  async ids(): Promise<readonly string[]> {
    const keys = await this.#store.keys();
    return keys.filter((key) => key.startsWith(ADAPTERS)).map((key) => key.slice(ADAPTERS.length));
  }

  /** Changes a saved adapter's id. Resolves with the result of `BlobStore.move`. */
  rename(id: string, to: string): ReturnType<BlobStore['move']> {
    return this.#store.move(ADAPTERS + id, ADAPTERS + to);
  }

  async delete(id: string): Promise<void> {
    await this.#store.deleteMany([ADAPTERS + id]);
  }
}

/** Reads and verifies a record. Records that were stored before hashes were introduced have no hash. */
async function readRecord(id: string, value: unknown): Promise<StoredRecord> {
  const { format: version, config, weights, created_at, base_model, sha256: expected } = fieldsOf(value);
  const isWhole =
    version === format &&
    typeof config === 'string' &&
    isBytes(weights) &&
    typeof created_at === 'number' &&
    (base_model === null || typeof base_model === 'string') &&
    (expected === undefined || expected instanceof Uint8Array);
  if (typeof version === 'number' && version > format) {
    const message = `The stored adapter '${id}' can't be read: a newer version of webvera has written it`;
    throw new StoreError('storage_corrupt', message, { detail: { isNewer: true } });
  }
  if (!isWhole) {
    throw new StoreError('storage_corrupt', `The stored adapter '${id}' can't be read: expected format ${format}`);
  }
  const record = { config, weights, created_at, base_model };
  const actual = await hashOf(record);
  if (expected !== undefined && actual !== undefined && !areEqual(actual, expected)) {
    throw new StoreError('storage_corrupt', `The stored adapter '${id}' isn't as it was written: its hash differs`);
  }
  return { ...record, revision: revisionOf(value) };
}

/** Returns one hash of the adapter's two files. Undefined in insecure contexts, which have no SubtleCrypto (and can't train). */
async function hashOf({ config, weights }: AdapterRecord): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if ((crypto.subtle as SubtleCrypto | undefined) === undefined) return undefined;
  return sha256(joinBytes([await sha256(weights), new TextEncoder().encode(config)]));
}

/** Reads the revision, even of a damaged record. */
function revisionOf(value: unknown): Revision {
  const { created_at, sha256: hash } = fieldsOf(value);
  return {
    created_at: typeof created_at === 'number' ? created_at : 0,
    hash: hash instanceof Uint8Array ? hash.join() : '',
  };
}
