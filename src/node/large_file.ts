/** Reads `length` bytes of a file, beginning at `position`. */
type ReadAt = (position: number, length: number) => Promise<Uint8Array<ArrayBuffer>>;

/** The number of bytes that a stream returns at a time. */
const CHUNK = 2 ** 20;

/** A Blob for a file of any size. It reads the file only when its bytes are requested. */
export class LargeFile extends Blob {
  readonly #readAt: ReadAt;
  readonly #begin: number;
  readonly #size: number;

  constructor(readAt: ReadAt, size: number, begin = 0) {
    super();
    this.#readAt = readAt;
    this.#size = size;
    this.#begin = begin;
  }

  override get size(): number {
    return this.#size;
  }

  override slice(from = 0, to = this.#size): LargeFile {
    const clamp = (place: number): number => Math.min(Math.max(place < 0 ? this.#size + place : place, 0), this.#size);
    const [begin, end] = [clamp(from), clamp(to)];
    return new LargeFile(this.#readAt, Math.max(0, end - begin), this.#begin + begin);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#readAt(this.#begin, this.#size);
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let position = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const length = Math.min(CHUNK, this.#size - position);
        if (length === 0) return controller.close();
        controller.enqueue(await this.#readAt(this.#begin + position, length));
        position += length;
      },
    });
  }
}
