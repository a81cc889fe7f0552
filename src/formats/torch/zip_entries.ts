import type { WebVeraError } from '../../core/errors/error';
import { fileError } from '../file_error';
import type { ByteReader } from '../tensors/byte_reader';

/** An entry of an archive, whose header was read. */
export interface ZipEntry {
  readonly name: string;
  /** The entry's size in bytes, if its header gives the size. */
  readonly size: number | undefined;
  /** Whether the entry's sizes follow its bytes, in a descriptor. */
  readonly described: boolean;
  /** Whether the sizes in the descriptor have eight bytes instead of four, as for large entries and those that begin after 4 GiB. */
  readonly isLong: boolean;
}

const LOCAL_HEADER = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
/** The signatures of the records that follow an archive's entries. */
const DIRECTORIES = [0x02014b50, 0x06064b50, 0x06054b50];
const HEADER_BYTES = 30;
const ENCRYPTED = 1;
const DESCRIBED = 8;
const ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const MOST_NAME = 512;
/**
 * The largest number of entries. A file has one entry for each storage and a few more, and its pickle has no room for this many storages.
 */
const MOST_ENTRIES = 2 ** 16;
/** The largest size in bytes of an entry that isn't a storage. Such an entry may give its size after its bytes. */
const MOST_NOTE = 4096;
const HINT =
  'torch.save of PyTorch 1.6 and later writes such archives; a file that was cut off has to be downloaded again.';

/** Reads an archive of uncompressed entries from its start. The directory at its end isn't needed. */
export class ZipEntries {
  readonly #reader: ByteReader;
  readonly #file: string;
  #count = 0;

  constructor(reader: ByteReader, file: string) {
    this.#reader = reader;
    this.#file = file;
  }

  /** Reads the header of the next entry, after all bytes of the previous one were read. Returns undefined at the directory. */
  async next(): Promise<ZipEntry | undefined> {
    await this.#reader.fetch(HEADER_BYTES);
    const signature = viewOf(this.#reader.takeNow(4)).getUint32(0, true);
    if (DIRECTORIES.includes(signature)) return undefined;
    if (signature !== LOCAL_HEADER) throw this.#invalid('expected an entry of a zip archive, got none');
    if (++this.#count > MOST_ENTRIES) {
      const hint = 'If you trust the file, save it as safetensors.';
      throw fileError('limit_exceeded', this.#file, `expected at most ${MOST_ENTRIES} entries, got more`, hint);
    }
    const header = viewOf(this.#reader.takeNow(HEADER_BYTES - 4));
    const [flags, method] = [header.getUint16(2, true), header.getUint16(4, true)];
    const [size, nameBytes, extraBytes] = [
      header.getUint32(18, true),
      header.getUint16(22, true),
      header.getUint16(24, true),
    ];
    if ((flags & ENCRYPTED) !== 0 || method !== 0) throw this.#invalid('expected entries that are stored as they are');
    if (nameBytes > MOST_NAME) throw this.#invalid(`expected names of at most ${MOST_NAME} bytes, got ${nameBytes}`);
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.#reader.take(nameBytes));
    const long = zip64In(viewOf(await this.#reader.take(extraBytes)));
    const described = (flags & DESCRIBED) !== 0;
    const told = described ? undefined : size === ZIP64 ? this.#longSize(long) : size;
    return { name, described, isLong: long !== undefined, size: told };
  }

  /** Ends an entry after `taken` bytes of it were read. Throws `invalid_format` if its size differs. */
  async end({ name, size, described, ...entry }: ZipEntry, taken: number): Promise<void> {
    if (!described) return this.#expectSize(name, size, taken);
    // A size beyond four bytes is written in eight bytes, even if the header has no zip64 field.
    const isLong = entry.isLong || taken > ZIP64;
    const end = viewOf(await this.#reader.take(descriptorBytes(isLong)));
    if (end.getUint32(0, true) !== DESCRIPTOR) throw this.#invalid(`expected ${name} to end after ${taken} bytes`);
    this.#expectSize(name, sizeIn(end, 0, isLong), taken);
  }

  /** Reads the bytes of a small entry, whose size may follow its bytes. */
  async note({ name, size, described, isLong }: ZipEntry): Promise<Uint8Array> {
    if (size !== undefined && size > MOST_NOTE) throw this.#invalid(`expected no ${name} of ${size} bytes`);
    if (!described) return this.#reader.take(size ?? 0);
    const behind = descriptorBytes(isLong);
    await this.#reader.fetch(MOST_NOTE + behind);
    const come = viewOf(this.#reader.buffered);
    for (let told = 0; told <= MOST_NOTE && told + behind <= come.byteLength; told++) {
      if (come.getUint32(told, true) !== DESCRIPTOR || sizeIn(come, told, isLong) !== told) continue;
      const bytes = this.#reader.takeNow(told).slice();
      this.#reader.takeNow(behind);
      return bytes;
    }
    // If the file ends early, this call throws the error for a truncated file.
    this.#reader.takeNow(MOST_NOTE + behind);
    throw this.#invalid(`expected no ${name} of more than ${MOST_NOTE} bytes`);
  }

  #longSize(field: DataView | undefined): number {
    if (field !== undefined && field.byteLength >= 8) return Number(field.getBigUint64(0, true));
    throw this.#invalid('expected the size of a large entry, got none');
  }

  #expectSize(name: string, told: number | undefined, taken: number): void {
    if (told !== taken) throw this.#invalid(`expected ${taken} bytes in ${name}, got ${told}`);
  }

  #invalid(what: string): WebVeraError {
    return fileError('invalid_format', this.#file, what, HINT);
  }
}

/** Finds the zip64 field, which holds sizes and offsets of eight bytes. Each extra field of a header begins with its id and its length. */
function zip64In(extra: DataView): DataView | undefined {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    at += 4 + length;
    if (at > extra.byteLength) return undefined;
    if (id === ZIP64_FIELD) return new DataView(extra.buffer, extra.byteOffset + at - length, length);
  }
  return undefined;
}

/** Returns the size in bytes of the descriptor after an entry: a signature, a checksum, the compressed and the uncompressed size. */
function descriptorBytes(isLong: boolean): number {
  return isLong ? 24 : 16;
}

/** Returns the uncompressed size from the descriptor that begins at byte `at`. */
function sizeIn(bytes: DataView, at: number, isLong: boolean): number {
  return isLong ? Number(bytes.getBigUint64(at + 16, true)) : bytes.getUint32(at + 12, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
