import { isCommit } from '../core/input/commit';
import { sha256, toHex } from '../core/input/digest';
import type { Records } from './blob_store';
import type { ByteFiles } from './byte_files';

/** The size in bytes of the chunks into which cached files are divided. Each chunk is hashed separately. */
const CHUNK_BYTES = 2 ** 23;

/** The record of a cached file, or of a file that does not exist in its folder. */
export interface KeptFile {
  readonly state: 'partial' | 'verified' | 'corrupt' | 'absent';
  /** The model's name. */
  readonly model: string;
  /** A commit, branch or tag; '' if the model was loaded from a URL. */
  readonly revision: string;
  /** The URL of the model folder, ending in a slash. */
  readonly folder: string;
  readonly file: string;
  /** The size of the complete file in bytes, if known. */
  readonly size: number | undefined;
  /** The server's ETag, or its Last-Modified date if it sends no ETag. */
  readonly tag: string | undefined;
  /** The SHA-256 that the hub reports. */
  readonly told: string | undefined;
  /** The SHA-256 of the bytes, once all of them are on disk. */
  readonly sha256: string | undefined;
  /** The number of bytes on disk, from the beginning of the file. */
  readonly bytes: number;
  /** The SHA-256 of each chunk, in hexadecimal digits; the last chunk may be shorter. */
  readonly chunks: readonly string[];
}

export const WEIGHTS = 'weights/';
const REVISIONS = 'revision/';
const FORMAT = 1;

/** Stores cached downloads: for each, a file with its bytes, and a record. Bytes without a record are ignored. */
export class WeightStore {
  readonly files: ByteFiles;
  readonly chunkBytes: number;
  readonly #records: Records;

  constructor(records: Records, files: ByteFiles, chunkBytes = CHUNK_BYTES) {
    this.#records = records;
    this.files = files;
    this.chunkBytes = chunkBytes;
  }

  /** Whether records outlive the page. The value is final once a record was read. */
  get persistent(): boolean {
    return this.#records.persistent;
  }

  async get(folder: string, file: string): Promise<KeptFile | undefined> {
    return readRecord(await this.#records.get(WEIGHTS + folder + file), this.chunkBytes);
  }

  async set(record: KeptFile): Promise<void> {
    await this.#records.setMany([[WEIGHTS + record.folder + record.file, { format: FORMAT, ...record }]]);
  }

  /**
   * Deletes as many files as possible. Deletes the bytes before their records, because bytes without a record can't be found. Then throws
   * the first error, such as `locked_by_other_tab` for a file that is being written; the record of such a file stays.
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
    return records.flatMap((record) => readRecord(record, this.chunkBytes) ?? []);
  }

  /** Resolves with the last known commit of the branch to which a folder URL points. */
  async commit(folder: string): Promise<string | undefined> {
    const commit = await this.#records.get(REVISIONS + folder);
    return isCommit(commit) ? commit : undefined;
  }

  async setCommit(folder: string, commit: string): Promise<void> {
    await this.#records.setMany([[REVISIONS + folder, commit]]);
  }

  /** Deletes the stored commits of the folders that `isMeant` accepts. */
  async forgetCommits(isMeant: (folder: string) => boolean): Promise<void> {
    const keys = (await this.#records.keys()).filter((key) => key.startsWith(REVISIONS));
    await this.#records.deleteMany(keys.filter((key) => isMeant(key.slice(REVISIONS.length))));
  }
}

/** Returns the file name under which bytes are stored: a hash, because URLs contain characters that file names can't. */
export async function bytesName({ folder, file }: Pick<KeptFile, 'folder' | 'file'>): Promise<string> {
  return toHex(await sha256(new TextEncoder().encode(folder + file)));
}

/** Reads a record. Returns undefined if the value is damaged or has another format. */
function readRecord(value: unknown, chunkBytes: number): KeptFile | undefined {
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
    chunks.length === Math.ceil(bytes / chunkBytes);
  return isWhole ? record : undefined;
}
