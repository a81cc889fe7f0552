import type { ByteFiles, ByteWriter } from '../../src/store/byte_files';
import { StoreError } from '../../src/store/store_error';

/** A file system in memory. A file has one writer at a time. */
export class MemoryFiles implements ByteFiles {
  readonly held = new Map<string, Uint8Array<ArrayBuffer>>();
  /** The largest size of a file, in bytes. */
  room = Number.POSITIVE_INFINITY;
  readonly #writers = new Set<string>();

  async write(name: string): Promise<ByteWriter> {
    if (this.#writers.has(name)) throw new StoreError('locked_by_other_tab', 'It is being written');
    this.#writers.add(name);
    return {
      write: async (bytes, at) => {
        const before = this.held.get(name) ?? new Uint8Array(0);
        const after = new Uint8Array(at + bytes.length);
        if (after.length > this.room) throw new StoreError('storage_full', 'Storage is full: there is no room');
        after.set(before.subarray(0, after.length));
        after.set(bytes, at);
        this.held.set(name, after);
      },
      close: async () => void this.#writers.delete(name),
    };
  }

  async read(name: string, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.held.get(name)?.slice(begin, end) ?? new Uint8Array(0);
  }

  async delete(name: string): Promise<void> {
    this.held.delete(name);
  }

  /** Flips a bit of the largest file. */
  flip(at: number): void {
    const [largest] = [...this.held.values()].sort((a, b) => b.length - a.length);
    if (largest === undefined) throw new Error('There is no file');
    largest[at] = (largest[at] ?? 0) ^ 1;
  }
}
