import type { ByteStream } from '../core/input/file_source';
import type { FileProgress } from './progress';

/** A stream that reports its bytes as progress while they are read. */
export class TrackedStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #start: () => FileProgress;
  #progress: FileProgress | undefined;
  #ended = false;

  /** `start` is called at the first read. */
  constructor(stream: ByteStream, start: () => FileProgress) {
    this.#stream = stream;
    this.#start = start;
  }

  get size(): number | undefined {
    return this.#stream.size;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#ended) return undefined;
    this.#progress ??= this.#start();
    const chunk = await this.#stream.read();
    if (chunk !== undefined) {
      this.#progress.add(chunk.length);
    } else {
      this.#ended = true;
      this.#progress.done();
    }
    return chunk;
  }

  async cancel(): Promise<void> {
    this.#ended = true;
    await this.#stream.cancel();
  }
}
