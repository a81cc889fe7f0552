import { WebVeraError } from '../core/errors/error';
import type { ByteStream, FileSource } from '../core/input/file_source';
import type { FileProgress, Progress } from './progress';

interface BlobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
}

/** Bytes of a file on disk that are in memory at once. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Files that the visitor chose, by name. */
export class BlobFolder implements FileSource {
  readonly name: string;
  readonly location = 'the given files';
  readonly #files: ReadonlyMap<string, Blob>;
  readonly #options: BlobOptions;

  constructor(name: string, files: ReadonlyMap<string, Blob>, options: BlobOptions) {
    this.name = name;
    this.#files = files;
    this.#options = options;
  }

  expect(bytes: number): void {
    this.#options.progress.expect(bytes);
  }

  async cachedBytes(file: string): Promise<number> {
    return this.#files.get(file)?.size ?? 0;
  }

  async open(file: string): Promise<ByteStream | undefined> {
    this.#options.signal?.throwIfAborted();
    const blob = this.#files.get(file);
    return blob === undefined ? undefined : new BlobStream(file, blob, this.#options);
  }
}

class BlobStream implements ByteStream {
  readonly size: number;
  readonly #file: string;
  readonly #blob: Blob;
  readonly #options: BlobOptions;
  #progress: FileProgress | undefined;
  #position = 0;
  #ended = false;

  constructor(file: string, blob: Blob, options: BlobOptions) {
    this.size = blob.size;
    this.#file = file;
    this.#blob = blob;
    this.#options = options;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { signal, progress } = this.#options;
    signal?.throwIfAborted();
    if (this.#ended) return undefined;
    this.#progress ??= progress.start(this.#file, this.size);
    if (this.#position === this.size) {
      this.#ended = true;
      this.#progress.done();
      return undefined;
    }
    const chunk = await this.#slice();
    signal?.throwIfAborted();
    this.#position += chunk.length;
    this.#progress.add(chunk.length);
    return chunk;
  }

  async cancel(): Promise<void> {
    this.#ended = true;
  }

  async #slice(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return new Uint8Array(await this.#blob.slice(this.#position, this.#position + CHUNK_BYTES).arrayBuffer());
    } catch (cause) {
      // Browsers refuse to read a file that was changed, moved or deleted since it was chosen.
      throw new WebVeraError('not_found', `${this.#file}: expected to continue after ${this.#position} bytes`, {
        hint: 'The file was deleted or changed after it was chosen; choose it again.',
        detail: { file: this.#file },
        cause,
      });
    }
  }
}
