import type { WebVeraError } from '../../core/errors/error';
import { fileError } from '../file_error';
import type { ByteReader } from '../tensors/byte_reader';
import { quote } from '../tensors/header_scanner';
import { SAVE_AGAIN, type TorchLayout } from './torch_layout';
import { ZipEntries, type ZipEntry } from './zip_entries';

const PICKLE = 'data.pkl';

/** The layout since PyTorch 1.6: a zip archive. Its first entry is the pickle. The others are storages, and small texts such as an id. */
export class ZipLayout implements TorchLayout {
  readonly #entries: ZipEntries;
  readonly #file: string;
  #entry: ZipEntry | undefined;
  #folder = '';

  constructor(reader: ByteReader, file: string) {
    this.#entries = new ZipEntries(reader, file);
    this.#file = file;
  }

  async begin(): Promise<void> {
    this.#entry = await this.#entries.next();
    const name = this.#entry?.name ?? '';
    if (!name.endsWith(`/${PICKLE}`)) throw this.#invalid(`expected ${PICKLE} first`);
    this.#folder = name.slice(0, -PICKLE.length);
  }

  endPickle(bytes: number): Promise<void> {
    return this.end(bytes);
  }

  async next(left: { has(key: string): boolean }): Promise<string | undefined> {
    const data = `${this.#folder}data/`;
    for (;;) {
      const entry = await this.#entries.next();
      this.#entry = entry;
      if (entry === undefined) return undefined;
      const key = entry.name.startsWith(data) ? entry.name.slice(data.length) : '';
      if (left.has(key)) return key;
      await this.#expectNote(entry);
    }
  }

  async end(bytes: number): Promise<void> {
    if (this.#entry !== undefined) await this.#entries.end(this.#entry, bytes);
  }

  /** Reads an entry that isn't a storage: the version, an id or the byte order. */
  async #expectNote(entry: ZipEntry): Promise<void> {
    const text = new TextDecoder().decode(await this.#entries.note(entry));
    if (entry.name === `${this.#folder}byteorder` && text !== 'little') {
      throw this.#invalid(`expected bytes in little-endian order, got ${quote(text)}`);
    }
  }

  #invalid(what: string): WebVeraError {
    return fileError('invalid_format', this.#file, what, SAVE_AGAIN);
  }
}
