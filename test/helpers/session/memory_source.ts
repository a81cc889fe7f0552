import type { ByteStream, FileSource } from '../../../src/core/input/file_source';

export type Files = Readonly<Record<string, Uint8Array>>;

/** A source of files in memory, which are read in chunks. It records all reads. */
export class MemorySource implements FileSource {
  readonly name = 'memory';
  readonly location = 'memory';
  readonly expected: number[] = [];
  readonly opened: string[] = [];
  readonly cancelled: string[] = [];
  bytesRead = 0;
  readonly #files: Files;
  readonly #chunkBytes: number;
  readonly #sized: boolean;

  constructor(files: Files, { chunkBytes = 1000, sized = true } = {}) {
    this.#files = files;
    this.#chunkBytes = chunkBytes;
    this.#sized = sized;
  }

  expect(bytes: number): void {
    this.expected.push(bytes);
  }

  async open(file: string): Promise<ByteStream | undefined> {
    const bytes = this.#files[file];
    if (bytes === undefined) return undefined;
    this.opened.push(file);
    let position = 0;
    return {
      size: this.#sized ? bytes.length : undefined,
      read: async () => {
        if (position === bytes.length) return undefined;
        const chunk = bytes.slice(position, position + this.#chunkBytes);
        position += chunk.length;
        this.bytesRead += chunk.length;
        return chunk;
      },
      cancel: async () => void this.cancelled.push(file),
    };
  }
}
