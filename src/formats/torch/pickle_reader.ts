import { WebVeraError } from '../../core/error';
import type { ByteReader } from '../byte_reader';

const LINE_BYTES = 128;
const TEXT_BYTES = 4096;
const NEWLINE = 0x0a;

/** Takes a pickle's numbers and texts from a stream, and no more bytes than a limit. */
export class PickleReader {
  readonly file: string;
  /** Bytes taken so far. */
  position = 0;
  readonly #reader: ByteReader;
  readonly #limit: number;
  /** A byte order mark is part of a name. */
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(reader: ByteReader, { file, limit }: { readonly file: string; readonly limit: number }) {
    this.#reader = reader;
    this.file = file;
    this.#limit = limit;
  }

  async byte(): Promise<number> {
    const [byte = 0] = await this.#take(1);
    return byte;
  }

  async u16(): Promise<number> {
    return (await this.#view(2)).getUint16(0, true);
  }

  async u32(): Promise<number> {
    return (await this.#view(4)).getUint32(0, true);
  }

  async i32(): Promise<number> {
    return (await this.#view(4)).getInt32(0, true);
  }

  /** A big-endian double. */
  async double(): Promise<number> {
    return (await this.#view(8)).getFloat64(0);
  }

  /** A signed integer of so many bytes, of which the lowest comes first; undefined beyond 2^53. */
  async long(length: number): Promise<number | undefined> {
    const bytes = await this.#take(length);
    let value = 0n;
    for (const byte of bytes.toReversed()) value = value * 256n + BigInt(byte);
    const signed = Number(BigInt.asIntN(8 * length, value));
    return Number.isSafeInteger(signed) ? signed : undefined;
  }

  /** Of so many bytes in UTF-8. */
  async text(length: number): Promise<string> {
    if (length > TEXT_BYTES) throw this.#exceeded(`a text of at most ${TEXT_BYTES} bytes, got ${length}`);
    return this.#utf8.decode(await this.#take(length));
  }

  /** Up to the line's end, which is taken too. */
  async line(): Promise<string> {
    const bytes: number[] = [];
    for (let byte = await this.byte(); byte !== NEWLINE; byte = await this.byte()) {
      bytes.push(byte);
      if (bytes.length > LINE_BYTES) throw this.#exceeded(`a name of at most ${LINE_BYTES} bytes, got more`);
    }
    return String.fromCharCode(...bytes);
  }

  async #view(length: number): Promise<DataView> {
    return new DataView((await this.#take(length)).buffer);
  }

  async #take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    this.position += length;
    if (this.position > this.#limit) throw this.#exceeded(`a pickle of at most ${this.#limit} bytes, got more`);
    return this.#reader.take(length);
  }

  #exceeded(what: string): WebVeraError {
    return new WebVeraError('limit_exceeded', `${this.file}: expected ${what}`, {
      hint: 'If you trust the file, save it as safetensors.',
      detail: { file: this.file },
    });
  }
}
