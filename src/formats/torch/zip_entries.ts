import { WebVeraError } from '../../core/error';
import type { ByteReader } from '../byte_reader';

/** A file in an archive, whose bytes come next. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes, where they are told before they come. */
  readonly size: number | undefined;
  /** Whether sizes follow the bytes. */
  readonly described: boolean;
}

const LOCAL_HEADER = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
/** What an archive goes on with behind its entries. */
const DIRECTORIES = [0x02014b50, 0x06064b50, 0x06054b50];
const ENCRYPTED = 1;
const DESCRIBED = 8;
const ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const MOST_NAME = 512;
/** Of a small entry whose size is told only behind it. */
const MOST_NOTE = 4096;
const DESCRIPTOR_BYTES = 16;

/** An archive whose entries are stored as they are, read from its start on; its directory, at its end, isn't needed. */
export class ZipEntries {
  readonly #reader: ByteReader;
  readonly #file: string;

  constructor(reader: ByteReader, file: string) {
    this.#reader = reader;
    this.#file = file;
  }

  /** The next entry; the one before must have been taken whole. Undefined where the directory begins. */
  async next(): Promise<ZipEntry | undefined> {
    const signature = viewOf(await this.#reader.take(4)).getUint32(0, true);
    if (DIRECTORIES.includes(signature)) return undefined;
    if (signature !== LOCAL_HEADER) throw this.#invalid('expected an entry of a zip archive, got none');
    const header = viewOf(await this.#reader.take(26));
    const [flags, method] = [header.getUint16(2, true), header.getUint16(4, true)];
    const [size, nameBytes, extraBytes] = [
      header.getUint32(18, true),
      header.getUint16(22, true),
      header.getUint16(24, true),
    ];
    if ((flags & ENCRYPTED) !== 0 || method !== 0) throw this.#invalid('expected entries that are stored as they are');
    if (nameBytes > MOST_NAME) throw this.#invalid(`expected names of at most ${MOST_NAME} bytes, got ${nameBytes}`);
    const name = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await this.#reader.take(nameBytes));
    const extra = viewOf(await this.#reader.take(extraBytes));
    const described = (flags & DESCRIBED) !== 0;
    return { name, described, size: described ? undefined : size === ZIP64 ? this.#longSize(extra) : size };
  }

  /** To be called when so many bytes of an entry were taken. Throws `invalid_format` where it has another size. */
  async end({ name, size, described }: ZipEntry, taken: number): Promise<void> {
    if (!described) return this.#expectSize(name, size, taken);
    const isLong = taken > ZIP64;
    const end = viewOf(await this.#reader.take(isLong ? 24 : DESCRIPTOR_BYTES));
    const told = isLong ? Number(end.getBigUint64(16, true)) : end.getUint32(12, true);
    if (end.getUint32(0, true) !== DESCRIPTOR) throw this.#invalid(`expected ${name} to end after ${taken} bytes`);
    this.#expectSize(name, told, taken);
  }

  /** Takes a small entry whole, whose size may be told only behind it. */
  async note({ name, size, described }: ZipEntry): Promise<Uint8Array> {
    if (size !== undefined && size > MOST_NOTE) throw this.#invalid(`expected no ${name} of ${size} bytes`);
    if (!described) return this.#reader.take(size ?? 0);
    const bytes = new Uint8Array(MOST_NOTE + DESCRIPTOR_BYTES);
    const view = viewOf(bytes);
    for (let length = 1; length <= bytes.length; length++) {
      bytes.set(await this.#reader.take(1), length - 1);
      const told = length - DESCRIPTOR_BYTES;
      const ends = told >= 0 && view.getUint32(told, true) === DESCRIPTOR && view.getUint32(length - 4, true) === told;
      if (ends) return bytes.slice(0, told);
    }
    throw this.#invalid(`expected no ${name} of more than ${MOST_NOTE} bytes`);
  }

  #longSize(extra: DataView): number {
    for (let at = 0; at + 12 <= extra.byteLength; at += 4 + extra.getUint16(at + 2, true)) {
      if (extra.getUint16(at, true) === ZIP64_FIELD) return Number(extra.getBigUint64(at + 4, true));
    }
    throw this.#invalid('expected the size of a large entry, got none');
  }

  #expectSize(name: string, told: number | undefined, taken: number): void {
    if (told !== taken) throw this.#invalid(`expected ${taken} bytes in ${name}, got ${told}`);
  }

  #invalid(what: string): WebVeraError {
    return new WebVeraError('invalid_format', `${this.#file}: ${what}`, {
      hint: 'torch.save of PyTorch 1.6 and later writes such archives; a file that was cut off has to be downloaded again.',
      detail: { file: this.#file },
    });
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
