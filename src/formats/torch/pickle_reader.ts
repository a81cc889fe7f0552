import type { WebVeraError } from '../../core/errors/error';
import { fileError } from '../file_error';
import { BoundedReader } from '../tensors/bounded_reader';

const LINE_BYTES = 128;
const TEXT_BYTES = 4096;
const NEWLINE = 0x0a;
/** The largest size in bytes of an opcode with its argument: a string and the string's length. */
const OPCODE_BYTES = 5 + TEXT_BYTES;

/** Reads a pickle's numbers and strings from a stream, opcode by opcode, up to a limit of bytes. */
export class PickleReader extends BoundedReader {
  /** Whether all bytes of the next opcode have arrived, whatever its length. Otherwise `ready` waits for them. */
  get isReady(): boolean {
    return this.stream.has(OPCODE_BYTES);
  }

  ready(): Promise<void> {
    return this.stream.fetch(OPCODE_BYTES);
  }

  byte(): number {
    this.count(1);
    return this.stream.byteNow();
  }

  u16(): number {
    return this.view(2).getUint16(0, true);
  }

  i32(): number {
    return this.view(4).getInt32(0, true);
  }

  /** Reads a big-endian double. */
  double(): number {
    return this.view(8).getFloat64(0);
  }

  /** Reads a little-endian signed integer of `length` bytes. Returns undefined beyond 2^53. */
  long(length: number): number | undefined {
    const bytes = this.takeNow(length);
    let value = 0n;
    for (const byte of bytes.toReversed()) value = value * 256n + BigInt(byte);
    const signed = Number(BigInt.asIntN(8 * length, value));
    return Number.isSafeInteger(signed) ? signed : undefined;
  }

  /** Reads a string of `length` bytes in UTF-8. */
  text(length: number): string {
    if (length > TEXT_BYTES) throw this.#exceeded(`a text of at most ${TEXT_BYTES} bytes, got ${length}`);
    return this.utf8.decode(this.takeNow(length));
  }

  /** Reads the rest of a line, including the line break. */
  line(): string {
    const bytes: number[] = [];
    for (let byte = this.byte(); byte !== NEWLINE; byte = this.byte()) {
      bytes.push(byte);
      if (bytes.length > LINE_BYTES) throw this.#exceeded(`a name of at most ${LINE_BYTES} bytes, got more`);
    }
    return String.fromCharCode(...bytes);
  }

  protected override overLimit(): WebVeraError {
    return this.#exceeded(`a pickle of at most ${this.limit} bytes, got more`);
  }

  #exceeded(what: string): WebVeraError {
    const hint = 'If you trust the file, save it as safetensors.';
    return fileError('limit_exceeded', this.file, `expected ${what}`, hint);
  }
}
