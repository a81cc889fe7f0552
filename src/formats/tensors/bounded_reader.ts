import type { WebVeraError } from '../../core/errors/error';
import type { ByteReader } from './byte_reader';

/** The base class of readers that take numbers synchronously from the bytes that a stream has delivered, up to a limit of bytes. */
export abstract class BoundedReader {
  readonly file: string;
  /** Bytes read so far. */
  position = 0;
  protected readonly limit: number;
  protected readonly stream: ByteReader;
  /** Keeps a byte order mark, which may be a part of a name or a token. */
  protected readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(stream: ByteReader, { file, limit }: { readonly file: string; readonly limit: number }) {
    this.stream = stream;
    this.file = file;
    this.limit = limit;
  }

  u32(): number {
    return this.view(4).getUint32(0, true);
  }

  /** Returns the error for a file that exceeds the limit. */
  protected abstract overLimit(): WebVeraError;

  protected view(length: number): DataView {
    const { buffer, byteOffset } = this.takeNow(length);
    return new DataView(buffer, byteOffset, length);
  }

  protected takeNow(length: number): Uint8Array<ArrayBuffer> {
    this.count(length);
    return this.stream.takeNow(length);
  }

  /** Counts bytes before they are read. Throws if they exceed the limit. */
  protected count(length: number): void {
    this.position += length;
    if (this.position > this.limit) throw this.overLimit();
  }
}
