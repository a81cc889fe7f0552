import type { WebVeraError } from '../../core/errors/error';
import { fileError } from '../file_error';
import type { ByteReader } from '../tensors/byte_reader';
import { isKind, type StorageRef } from './pickle_machine';
import { type PickleOptions, readPickle } from './state_dict';
import { SAVE_AGAIN, type TorchLayout } from './torch_layout';

/** The first byte of every pickle. */
export const PICKLE_BEGIN = 0x80;
/** The pickles of torch's magic number and of the layout's version, 1001. */
const MAGIC = '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.';

/**
 * The layout before PyTorch 1.6. The file begins with five pickles: a magic number, a version, the properties of the machine, the state
 * dict and the list of the storages' keys. The storages follow in the order of this list, and each begins with its number of elements.
 */
export class PickleLayout implements TorchLayout {
  readonly #reader: ByteReader;
  readonly #options: PickleOptions;
  readonly #keys: string[] = [];
  #next = 0;

  constructor(reader: ByteReader, options: PickleOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  async begin(): Promise<void> {
    const bytes = await this.#reader.take(MAGIC.length);
    if (String.fromCharCode(...bytes) !== MAGIC)
      throw this.#invalid("expected torch's magic number, got another pickle");
    const { item: facts } = await readPickle(this.#reader, this.#options);
    if (!isKind(facts, 'dict') || facts.entries.get('little_endian') !== true) {
      throw this.#invalid('expected bytes in little-endian order');
    }
  }

  async endPickle(): Promise<void> {
    const { item: keys } = await readPickle(this.#reader, this.#options);
    if (!isKind(keys, 'list')) throw this.#invalid("expected a list of the storages' keys");
    for (const key of keys.items) this.#keys.push(String(key));
  }

  async next(left: ReadonlyMap<string, { readonly storage: StorageRef }>): Promise<string | undefined> {
    const key = this.#keys[this.#next++];
    if (key === undefined) return undefined;
    const length = left.get(key)?.storage.length;
    if (length === undefined) throw this.#invalid(`expected storages of tensors, each once, got ${key.slice(0, 20)}`);
    const { buffer } = await this.#reader.take(8);
    const told = new DataView(buffer).getBigUint64(0, true);
    if (told !== BigInt(length)) throw this.#invalid(`expected ${length} elements in storage ${key}, got ${told}`);
    return key;
  }

  /** Reads nothing, because the next storage follows at once. */
  async end(): Promise<void> {}

  #invalid(what: string): WebVeraError {
    return fileError('invalid_format', this.#options.file, what, SAVE_AGAIN);
  }
}
