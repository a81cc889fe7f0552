import { WebVeraError } from '../../core/errors/error';
import type { ByteStream } from '../../core/input/file_source';
import { RunningHash } from '../../hub/checked';
import type { Download } from '../../hub/download';
import type { CachedCopy } from './cached_copy';
import { known } from './store_failures';

interface CachedStreamOptions {
  readonly signal: AbortSignal | undefined;
  /** The download of the bytes after the copy; undefined for a complete copy. */
  readonly download: Download | undefined;
  /** Downloads the file from byte `from` on, if the copy is damaged. Undefined if no request may be made. */
  readonly reopen: ((from: number) => Promise<Download | undefined>) | undefined;
  /** The file's expected SHA-256. */
  readonly expected: string | undefined;
  /** Called once if the copy is damaged. Set only if the copy is read to check it. */
  readonly onDamage: (() => void) | undefined;
  /** Called with the number of bytes whose hash was verified. */
  readonly onVerified: (bytes: number) => void;
}

/**
 * Reads a file from its cached copy, then from the server, and extends the copy by the downloaded bytes. A damaged
 * chunk is detected before it is returned.
 */
export class CachedStream implements ByteStream {
  readonly #copy: CachedCopy;
  readonly #options: CachedStreamOptions;
  #download: Download | undefined;
  #hash: RunningHash | undefined;
  #position = 0;
  /** The number of bytes reported to `onVerified`. */
  #verified = 0;
  /** The error of the copy's last read, if it failed. */
  #readError: unknown;
  /** Whether the rest of the file is read from the server and appended to the copy. */
  #isGrowing = false;
  #ended = false;

  constructor(copy: CachedCopy, options: CachedStreamOptions) {
    this.#copy = copy;
    this.#options = options;
    this.#download = options.download;
    // A copy that was verified with the expected hash isn't hashed again.
    const { expected } = options;
    if (expected !== undefined && !(copy.isWhole && copy.record.sha256 === expected)) this.#hash = new RunningHash();
  }

  get size(): number | undefined {
    return this.#copy.record.size ?? this.#download?.size;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#ended) return undefined;
    try {
      this.#options.signal?.throwIfAborted();
      const chunk = (await this.#readCopy()) ?? (await this.#readServer());
      if (chunk === undefined) {
        await this.#end();
        return undefined;
      }
      this.#hash?.add(chunk);
      await this.#copy.add(this.#position, chunk);
      this.#position += chunk.length;
      return chunk;
    } catch (error) {
      await this.#fail(error);
      throw error;
    }
  }

  async cancel(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#download?.cancel();
    await this.#copy.pause();
  }

  async #readCopy(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#isGrowing || this.#position >= this.#copy.bytes) return undefined;
    const chunk = await this.#copied(this.#position);
    if (chunk === undefined) await this.#repair();
    else this.#reportVerified(chunk.length);
    return chunk;
  }

  /** Reads a chunk of the copy. Returns undefined if it is damaged, or if it can't be read and may be downloaded instead. */
  async #copied(at: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#readError = undefined;
    try {
      return await known(this.#copy.read(at));
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      // The caller gets the read error if it only checks the copy, or if no request may be made.
      if (this.#options.reopen === undefined || this.#options.onDamage !== undefined) throw error;
      this.#readError = error;
      return undefined;
    }
  }

  async #readServer(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#isGrowing = true;
    const chunk = await this.#download?.read();
    // The bytes may come from two versions of the file. They are cached only if a hash will verify the whole file.
    if (this.#download?.isSure === false && this.#options.expected === undefined) await this.#copy.giveUp();
    return chunk;
  }

  /** Downloads the file from the damaged chunk on, if the file hasn't changed on the server. */
  async #repair(): Promise<void> {
    const { expected, reopen, onDamage } = this.#options;
    const at = this.#position;
    onDamage?.();
    await this.#download?.cancel();
    try {
      this.#download = await reopen?.(at);
    } catch (cause) {
      this.#options.signal?.throwIfAborted();
      throw await this.#beyondRepair(at, cause);
    }
    if (this.#download === undefined) throw await this.#beyondRepair(at);
    if (expected !== undefined && this.#hash === undefined) {
      const hash = new RunningHash();
      for (let begin = 0; begin < at; begin += this.#copy.chunkBytes) {
        const chunk = await this.#copied(begin);
        if (chunk === undefined) throw this.#readError ?? damaged(this.#copy.record.file, begin);
        hash.add(chunk);
      }
      this.#hash = hash;
    }
    await this.#copy.truncate(at);
  }

  /**
   * Returns the error for a copy that the server can't repair. Marks a damaged copy as corrupt, but not a copy that couldn't be read,
   * because that copy may be intact.
   */
  async #beyondRepair(at: number, cause?: unknown): Promise<unknown> {
    if (this.#readError !== undefined) return this.#readError;
    await this.#copy.mark('corrupt');
    return damaged(this.#copy.record.file, at, cause);
  }

  async #end(): Promise<void> {
    this.#ended = true;
    const { expected } = this.#options;
    if (expected !== undefined && this.#hash !== undefined) {
      this.#hash.expect(this.#copy.record.file, expected);
      if (this.#verified < this.#position) this.#reportVerified(this.#position - this.#verified);
    }
    await this.#copy.finish(expected);
  }

  #reportVerified(bytes: number): void {
    this.#verified += bytes;
    this.#options.onVerified(bytes);
  }

  async #fail(error: unknown): Promise<void> {
    this.#ended = true;
    await this.#download?.cancel();
    const isOther = error instanceof WebVeraError && error.code === 'integrity_mismatch';
    await (isOther ? this.#copy.discard() : this.#copy.pause());
  }
}

function damaged(file: string, at: number, cause?: unknown): WebVeraError {
  const why = cause instanceof Error ? `, and could not be mended: ${cause.message}` : '';
  return new WebVeraError('storage_corrupt', `${file}: the copy on this device is damaged after ${at} bytes${why}`, {
    hint: 'Load the model again with a network connection, or delete its cached files with models.clear_cache(source).',
    retryable: true,
    detail: { file, at },
    cause,
  });
}
