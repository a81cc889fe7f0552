import { sha256, toHex } from '../core/input/digest';
import type { BlobStore } from './blob_store';
import type { ByteFiles } from './byte_files';

/** Bytes that have a hash of their own. */
export const CHUNK_BYTES = 2 ** 23;

/** What is known of a file that was downloaded, or that a folder was found to lack. */
export interface KeptFile {
  readonly state: 'partial' | 'verified' | 'corrupt' | 'absent';
  /** What the model is called. */
  readonly model: string;
  /** A commit, branch or tag; '' for an address. */
  readonly revision: string;
  /** The address of its folder, ending in a slash. */
  readonly folder: string;
  readonly file: string;
  /** Of the whole file, as far as it is known. */
  readonly size: number | undefined;
  /** What the server says that changes with the file. */
  readonly tag: string | undefined;
  /** What the hub says that its bytes have. */
  readonly told: string | undefined;
  /** What its bytes were found to have, once they were all there. */
  readonly sha256: string | undefined;
  /** Bytes on disk, from the first on. */
  readonly bytes: number;
  /** SHA-256 of each `CHUNK_BYTES` of them, in hexadecimal digits; the last may be of fewer. */
  readonly chunks: readonly string[];
}

export const WEIGHTS = 'weights/';
const REVISIONS = 'revision/';
const FORMAT = 1;

/** Downloaded files: their bytes by name, and beside them what they are. Bytes that no record tells of count for nothing. */
export class WeightStore {
  readonly files: ByteFiles;
  readonly #records: BlobStore;

  constructor(records: BlobStore, files: ByteFiles) {
    this.#records = records;
    this.files = files;
  }

  /** Whether records outlive the page. It is known once one was asked for. */
  get persistent(): boolean {
    return this.#records.persistent;
  }

  async get(folder: string, file: string): Promise<KeptFile | undefined> {
    return readRecord(await this.#records.get(WEIGHTS + folder + file));
  }

  async set(record: KeptFile): Promise<void> {
    await this.#records.setMany([[WEIGHTS + record.folder + record.file, { format: FORMAT, ...record }]]);
  }

  /**
   * All that can be. The bytes first: nothing finds those without a record. Throws the first error in the end, as
   * `locked_by_other_tab` for a file that is being written, whose record stays.
   */
  async delete(records: readonly KeptFile[]): Promise<void> {
    const deleting = records.map(async (record) => this.files.delete(await bytesName(record)));
    const outcomes = await Promise.allSettled(deleting);
    const gone = records.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    await this.#records.deleteMany(gone.map(({ folder, file }) => WEIGHTS + folder + file));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async list(): Promise<readonly KeptFile[]> {
    const keys = (await this.#records.keys()).filter((key) => key.startsWith(WEIGHTS));
    const records = await Promise.all(keys.map((key) => this.#records.get(key)));
    return records.flatMap((record) => readRecord(record) ?? []);
  }

  /** The commit that a branch's folder was found to be of. */
  async commit(folder: string): Promise<string | undefined> {
    const commit = await this.#records.get(REVISIONS + folder);
    return typeof commit === 'string' && /^[\da-f]{40}$/.test(commit) ? commit : undefined;
  }

  async setCommit(folder: string, commit: string): Promise<void> {
    await this.#records.setMany([[REVISIONS + folder, commit]]);
  }

  /** Forgets of which commits the folders are that `isMeant` takes. */
  async forgetCommits(isMeant: (folder: string) => boolean): Promise<void> {
    const keys = (await this.#records.keys()).filter((key) => key.startsWith(REVISIONS));
    await this.#records.deleteMany(keys.filter((key) => isMeant(key.slice(REVISIONS.length))));
  }
}

/** What the bytes of a file are kept under: addresses hold signs that names of files can't. */
export async function bytesName({ folder, file }: Pick<KeptFile, 'folder' | 'file'>): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(folder + file)));
}

/** Whatever else lies there is as good as nothing. */
function readRecord(value: unknown): KeptFile | undefined {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT) return undefined;
  const record = value as unknown as KeptFile;
  const { bytes, size, chunks, state } = record;
  const isWhole =
    ['partial', 'verified', 'corrupt', 'absent'].includes(state) &&
    [record.model, record.revision, record.folder, record.file].every((text) => typeof text === 'string') &&
    [record.tag, record.told, record.sha256].every((text) => text === undefined || typeof text === 'string') &&
    Number.isSafeInteger(bytes) &&
    (size === undefined || (Number.isSafeInteger(size) && bytes <= size)) &&
    (state !== 'verified' || bytes === size) &&
    Array.isArray(chunks) &&
    chunks.length === Math.ceil(bytes / CHUNK_BYTES);
  return isWhole ? record : undefined;
}
