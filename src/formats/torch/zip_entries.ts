import { WebVeraError } from '../../core/errors/error';
import type { ByteReader } from '../tensors/byte_reader';

/** A file in an archive, whose bytes come next. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes, where they are told before they come. */
  readonly size: number | undefined;
  /** Whether sizes follow the bytes. */
  readonly described: boolean;
  /** Whether those sizes have eight bytes: those of a large entry, and of any that begins behind 4 GiB. */
  readonly isLong: boolean;
}

const LOCAL_HEADER = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
/** What an archive goes on with behind its entries. */
const DIRECTORIES = [0x02014b50, 0x06064b50, 0x06054b50];
const HEADER_BYTES = 30;
const ENCRYPTED = 1;
const DESCRIBED = 8;
const ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const MOST_NAME = 512;
/** Files have one for each storage, and a few notes. The pickle that tells of them hasn't room for as many. */
const MOST_ENTRIES = 2 ** 16;
/** Of a small entry whose size is told only behind it. */
const MOST_NOTE = 4096;

/** An archive whose entries are stored as they are, read from its start on; its directory, at its end, isn't needed. */
export class ZipEntries {
  readonly #reader: ByteReader;
  readonly #file: string;
  #count = 0;

  constructor(reader: ByteReader, file: string) {
    this.#reader = reader;
    this.#file = file;
  }

  /** The next entry; the one before must have been taken whole. Undefined where the directory begins. */
  async next(): Promise<ZipEntry | undefined> {
    await this.#reader.fetch(HEADER_BYTES);
    const signature = viewOf(this.#reader.takeNow(4)).getUint32(0, true);
    if (DIRECTORIES.includes(signature)) return undefined;
    if (signature !== LOCAL_HEADER) throw this.#invalid('expected an entry of a zip archive, got none');
    if (++this.#count > MOST_ENTRIES) throw this.#tooMany();
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

  /** To be called when so many bytes of an entry were taken. Throws `invalid_format` where it has another size. */
  async end({ name, size, described, ...entry }: ZipEntry, taken: number): Promise<void> {
    if (!described) return this.#expectSize(name, size, taken);
    // Four bytes couldn't hold what is larger, whether its header said so or not.
    const isLong = entry.isLong || taken > ZIP64;
    const end = viewOf(await this.#reader.take(descriptorBytes(isLong)));
    if (end.getUint32(0, true) !== DESCRIPTOR) throw this.#invalid(`expected ${name} to end after ${taken} bytes`);
    this.#expectSize(name, sizeIn(end, 0, isLong), taken);
  }

  /** Takes a small entry whole, whose size may be told only behind it. */
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
    // Where the file ends before, that is what is told.
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

  #tooMany(): WebVeraError {
    return new WebVeraError('limit_exceeded', `${this.#file}: expected at most ${MOST_ENTRIES} entries, got more`, {
      hint: 'If you trust the file, save it as safetensors.',
      detail: { file: this.#file },
    });
  }

  #invalid(what: string): WebVeraError {
    return new WebVeraError('invalid_format', `${this.#file}: ${what}`, {
      hint: 'torch.save of PyTorch 1.6 and later writes such archives; a file that was cut off has to be downloaded again.',
      detail: { file: this.#file },
    });
  }
}

/** What a header has for sizes and places that four bytes don't hold: a field among others, each with its number and length. */
function zip64In(extra: DataView): DataView | undefined {
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    at += 4 + length;
    if (at > extra.byteLength) return undefined;
    if (id === ZIP64_FIELD) return new DataView(extra.buffer, extra.byteOffset + at - length, length);
  }
  return undefined;
}

/** What follows an entry whose size wasn't told: a signature, a checksum, and the size, stored and unpacked. */
function descriptorBytes(isLong: boolean): number {
  return isLong ? 24 : 16;
}

/** As such a descriptor tells it that begins at `at`. */
function sizeIn(bytes: DataView, at: number, isLong: boolean): number {
  return isLong ? Number(bytes.getBigUint64(at + 16, true)) : bytes.getUint32(at + 12, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
