import type { Warn } from '../../core/errors/warning';
import { sha256, toHex } from '../../core/input/digest';
import type { ByteWriter } from '../../store/byte_files';
import { StoreError } from '../../store/store_error';
import { bytesName, CHUNK_BYTES, type KeptFile, type WeightStore } from '../../store/weight_store';

/** A file's copy on this device: what is there of it, and what is added as it comes in. Where that fails, it is given up. */
export class KeptCopy {
  readonly #store: WeightStore;
  readonly #warn: Warn;
  #record: KeptFile;
  #writer: ByteWriter | undefined;
  /** What comes after the last whole chunk on disk. */
  readonly #buffer: { bytes: Uint8Array<ArrayBuffer>; filled: number } = { bytes: new Uint8Array(0), filled: 0 };
  #bufferAt: number;
  #isGivenUp = false;

  constructor(store: WeightStore, record: KeptFile, warn: Warn) {
    this.#store = store;
    this.#record = record;
    this.#warn = warn;
    this.#bufferAt = wholeChunks(record.bytes);
  }

  get record(): KeptFile {
    return this.#record;
  }

  /** Bytes on disk, from the first on. */
  get bytes(): number {
    return this.#record.bytes;
  }

  get isWhole(): boolean {
    return this.#record.state === 'verified';
  }

  /** The chunk that begins there; undefined where it isn't as it was written. */
  async read(at: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const end = Math.min(at + CHUNK_BYTES, this.bytes);
    const bytes = await this.#store.files.read(await bytesName(this.#record), at, end);
    const isSame = bytes.length === end - at && toHex(await sha256(bytes)) === this.#record.chunks[at / CHUNK_BYTES];
    return isSame ? bytes : undefined;
  }

  /** Only what comes before a chunk is good. */
  async truncate(at: number): Promise<void> {
    const chunks = this.#record.chunks.slice(0, at / CHUNK_BYTES);
    this.#record = { ...this.#record, state: 'partial', bytes: at, chunks };
    this.#bufferAt = at;
    this.#buffer.filled = 0;
    await this.#try(() => this.#store.set(this.#record));
  }

  async mark(state: 'corrupt'): Promise<void> {
    this.#record = { ...this.#record, state };
    await this.#try(() => this.#store.set(this.#record));
  }

  /** Takes what comes at a position, as far as it isn't there. Positions follow each other. */
  async add(at: number, bytes: Uint8Array): Promise<void> {
    let rest = bytes.subarray(Math.max(0, Math.min(bytes.length, this.#bufferAt - at)));
    while (rest.length > 0 && !this.isWhole && !this.#isGivenUp) {
      const buffer = this.#buffer;
      if (buffer.bytes.length === 0) buffer.bytes = new Uint8Array(CHUNK_BYTES);
      const part = rest.subarray(0, CHUNK_BYTES - buffer.filled);
      buffer.bytes.set(part, buffer.filled);
      buffer.filled += part.length;
      rest = rest.subarray(part.length);
      if (buffer.filled === CHUNK_BYTES) await this.#try(() => this.#flush());
    }
  }

  /** All has come, and is what it should be. */
  async finish(found: string | undefined): Promise<void> {
    if (!this.isWhole) {
      await this.#try(async () => {
        await this.#flush({ state: 'verified', size: this.#bufferAt + this.#buffer.filled, sha256: found });
      });
    }
    await this.#close();
  }

  /** No more comes for now: what there is can be gone on with. */
  async pause(): Promise<void> {
    if (!this.isWhole && this.#bufferAt + this.#buffer.filled > this.bytes) await this.#try(() => this.#flush());
    await this.#close();
  }

  /** As `discard`, once, and unless another tab or load keeps it. */
  async giveUp(): Promise<void> {
    if (!this.#isGivenUp) await this.discard();
  }

  /** Nothing of it is to stay. */
  async discard(): Promise<void> {
    this.#isGivenUp = true;
    await this.#close();
    await this.#store.delete([this.#record]).catch(() => {}); // what is left counts for nothing, or is found to be damaged
  }

  /** Bytes first, then what tells of them. */
  async #flush(outcome: Partial<KeptFile> = {}): Promise<void> {
    const { bytes: buffer, filled } = this.#buffer;
    const piece = buffer.subarray(0, filled);
    const chunks = this.#record.chunks.slice(0, this.#bufferAt / CHUNK_BYTES);
    if (filled > 0) {
      await (await this.#open()).write(piece, this.#bufferAt);
      chunks.push(toHex(await sha256(piece)));
    }
    this.#record = { ...this.#record, ...outcome, bytes: this.#bufferAt + filled, chunks };
    await this.#store.set(this.#record);
    if (filled < CHUNK_BYTES) return;
    this.#bufferAt += CHUNK_BYTES;
    this.#buffer.filled = 0;
  }

  async #open(): Promise<ByteWriter> {
    if (this.#writer !== undefined) return this.#writer;
    const name = await bytesName(this.#record);
    const writer = await this.#store.files.write(name);
    this.#writer = writer;
    // So that no bytes are there of which no record tells.
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

  /** The model is loaded all the same. */
  async #try(body: () => Promise<void>): Promise<void> {
    if (this.#isGivenUp) return;
    try {
      await body();
    } catch (error) {
      this.#isGivenUp = true;
      await this.#close().catch(() => {});
      // Another tab, or another load, keeps it.
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

function wholeChunks(bytes: number): number {
  return bytes - (bytes % CHUNK_BYTES);
}
