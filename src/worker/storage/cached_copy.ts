import type { Warn } from '../../core/errors/warning';
import { sha256, toHex } from '../../core/input/digest';
import type { ByteWriter } from '../../store/byte_files';
import { StoreError } from '../../store/store_error';
import { bytesName, type KeptFile, type WeightStore } from '../../store/weight_store';

/** A file's cached copy, which grows while the file is downloaded. If storing fails, the copy is deleted. */
export class CachedCopy {
  readonly #store: WeightStore;
  readonly #warn: Warn;
  #record: KeptFile;
  #writer: ByteWriter | undefined;
  /** The bytes after the last whole chunk on disk. */
  readonly #buffer: { bytes: Uint8Array<ArrayBuffer>; filled: number } = { bytes: new Uint8Array(0), filled: 0 };
  #bufferAt: number;
  #isGivenUp = false;

  constructor(store: WeightStore, record: KeptFile, warn: Warn) {
    this.#store = store;
    this.#record = record;
    this.#warn = warn;
    this.#bufferAt = record.bytes - (record.bytes % this.chunkBytes);
  }

  get record(): KeptFile {
    return this.#record;
  }

  /** The number of bytes on disk, counted from the start of the file. */
  get bytes(): number {
    return this.#record.bytes;
  }

  get chunkBytes(): number {
    return this.#store.chunkBytes;
  }

  get isWhole(): boolean {
    return this.#record.state === 'verified';
  }

  /** Reads the chunk that begins at a position. Resolves with undefined if the chunk is damaged. */
  async read(at: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const end = Math.min(at + this.chunkBytes, this.bytes);
    const bytes = await this.#store.files.read(await bytesName(this.#record), at, end);
    const isSame =
      bytes.length === end - at && toHex(await sha256(bytes)) === this.#record.chunks[at / this.chunkBytes];
    return isSame ? bytes : undefined;
  }

  /** Truncates the copy at the start of the chunk at a position. */
  async truncate(at: number): Promise<void> {
    const chunks = this.#record.chunks.slice(0, at / this.chunkBytes);
    this.#record = { ...this.#record, state: 'partial', bytes: at, chunks };
    this.#bufferAt = at;
    this.#buffer.filled = 0;
    await this.#try(() => this.#store.set(this.#record));
  }

  async mark(state: 'corrupt'): Promise<void> {
    this.#record = { ...this.#record, state };
    await this.#try(() => this.#store.set(this.#record));
  }

  /** Appends bytes of the file, skipping those that are on disk already. Calls must follow the order of the file. */
  async add(at: number, bytes: Uint8Array): Promise<void> {
    let rest = bytes.subarray(Math.max(0, Math.min(bytes.length, this.#bufferAt - at)));
    while (rest.length > 0 && !this.isWhole && !this.#isGivenUp) {
      const buffer = this.#buffer;
      if (buffer.bytes.length === 0) buffer.bytes = new Uint8Array(this.chunkBytes);
      const part = rest.subarray(0, this.chunkBytes - buffer.filled);
      buffer.bytes.set(part, buffer.filled);
      buffer.filled += part.length;
      rest = rest.subarray(part.length);
      if (buffer.filled === this.chunkBytes) await this.#try(() => this.#flush());
    }
  }

  /** Marks the copy as complete after its last byte. `found`: the SHA-256 that was verified, if any. */
  async finish(found: string | undefined): Promise<void> {
    if (!this.isWhole) {
      await this.#try(async () => {
        await this.#flush({ state: 'verified', size: this.#bufferAt + this.#buffer.filled, sha256: found });
      });
    }
    await this.#close();
  }

  /** Stores the bytes so far, so that a later download can resume. */
  async pause(): Promise<void> {
    if (!this.isWhole && this.#bufferAt + this.#buffer.filled > this.bytes) await this.#try(() => this.#flush());
    await this.#close();
  }

  /** Deletes the copy, unless it was deleted before, or another tab or load is writing it. */
  async giveUp(): Promise<void> {
    if (!this.#isGivenUp) await this.discard();
  }

  /** Deletes the copy. */
  async discard(): Promise<void> {
    this.#isGivenUp = true;
    await this.#close();
    await this.#store.delete([this.#record]).catch(() => {}); // a leftover is ignored, or found to be damaged when it is read
  }

  /** Writes the buffered bytes first, then the record with their hash. */
  async #flush(outcome: Partial<KeptFile> = {}): Promise<void> {
    const { bytes: buffer, filled } = this.#buffer;
    const piece = buffer.subarray(0, filled);
    const chunks = this.#record.chunks.slice(0, this.#bufferAt / this.chunkBytes);
    if (filled > 0) {
      await (await this.#open()).write(piece, this.#bufferAt);
      chunks.push(toHex(await sha256(piece)));
    }
    this.#record = { ...this.#record, ...outcome, bytes: this.#bufferAt + filled, chunks };
    await this.#store.set(this.#record);
    if (filled < this.chunkBytes) return;
    this.#bufferAt += this.chunkBytes;
    this.#buffer.filled = 0;
  }

  async #open(): Promise<ByteWriter> {
    if (this.#writer !== undefined) return this.#writer;
    const name = await bytesName(this.#record);
    const writer = await this.#store.files.write(name);
    this.#writer = writer;
    // A record is stored before the first bytes, so that no bytes lie on disk without a record.
    await this.#store.set(this.#record);
    if (!this.#store.persistent) throw new StoreError('storage_unavailable', 'What is kept would not outlive the page');
    return writer;
  }

  async #close(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#buffer.bytes = new Uint8Array(0);
    await writer?.close();
  }

  /** Runs `body`. If it fails, the copy is deleted with a warning, and the model still loads. */
  async #try(body: () => Promise<void>): Promise<void> {
    if (this.#isGivenUp) return;
    try {
      await body();
    } catch (error) {
      this.#isGivenUp = true;
      await this.#close().catch(() => {});
      // Another tab or load is writing this copy, so it isn't deleted.
      if (error instanceof StoreError && error.code === 'locked_by_other_tab') return;
      await this.discard();
      const { file } = this.#record;
      const [code, reason] = error instanceof StoreError ? [error.code, error.message] : ['internal', String(error)];
      const message = `${file} is loaded, but not kept for the next visit: ${reason}`;
      this.#warn({
        code,
        message: `${message}. models.list() tells what is kept, models.clear_cache(source) deletes it.`,
      });
    }
  }
}
