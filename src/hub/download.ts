import { untilAborted } from '../core/async/abort';
import { type Clock, within } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';
import type { ByteStream } from '../core/input/file_source';
import { contentRange, headerNumber, isCompressed, isMissing, tagOf, unsatisfiedSize, wholeSize } from './answers';
import { broken, changed, type DownloadPosition, stalled, unmarked, wrongSize } from './download_errors';
import { Retries } from './retries';

/** Metadata of a file on a server. Unknown values are undefined. */
export interface FileMetadata {
  readonly size: number | undefined;
  /** The ETag or modification date, which changes when the file changes. */
  readonly tag: string | undefined;
  /** The SHA-256 of the file's bytes, in 64 hexadecimal digits. */
  readonly sha256: string | undefined;
}

interface DownloadOptions {
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  /**
   * Requests the file with the given headers, such as `Range`. Resolves also if the file does not exist or the range is beyond its end.
   * Rejects with `offline`, `timeout`, `http_error`, `gated_repo`, or `not_found` for a missing folder.
   */
  ask(headers: Readonly<Record<string, string>>): Promise<Response>;
  /** Whether the server sends a file's metadata before it redirects, as the hub does. */
  readonly hasFacts: boolean;
}

/** Milliseconds without data after which a connection counts as stalled. */
export const STALLS_AFTER = 30_000;
/**
 * With this `Accept` type, the hub answers with a large file's metadata. Otherwise it redirects to a server that has only the file's bytes.
 */
const FACTS = 'application/vnd.xet-fileinfo+json';

const UNKNOWN: FileMetadata = { size: undefined, tag: undefined, sha256: undefined };

/**
 * Downloads a file from a server, beginning at some offset. If the connection breaks or stalls, the download resumes at the same byte, as
 * long as the file is verifiably the same. A server that can't send a range sends the whole file again, and the bytes that were already
 * received are skipped.
 */
export class Download implements ByteStream {
  /** The offset of the first byte. */
  readonly from: number;
  readonly #file: string;
  readonly #options: DownloadOptions;
  readonly #retries: Retries;
  #facts: FileMetadata;
  #asksForFacts: boolean;
  #sizeHint: number | undefined;
  /** Whether requests have the header `Range`. It is omitted once the server has shown that it doesn't support ranges. */
  #sendsRange = true;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** The file offset of the next byte to return. */
  #position: number;
  /** The number of bytes to skip in this response, because they were already returned. */
  #skip = 0;
  /** Whether this response has returned new bytes. */
  #hasNewBytes = false;
  #ended = false;
  #isSure = true;

  private constructor(file: string, options: DownloadOptions, from: number, known: FileMetadata) {
    this.#file = file;
    this.#options = options;
    this.#retries = new Retries(options);
    this.from = from;
    this.#position = from;
    // With a hash from the hub, the tag isn't compared: the hub may redirect to another server than last time, whose tags differ.
    this.#facts = known.sha256 === undefined ? known : { ...known, tag: undefined };
    this.#asksForFacts = options.hasFacts;
  }

  /**
   * Opens a download at the offset `from`; returns undefined if the file does not exist. An earlier download has read the bytes before
   * `from`, from a file with the metadata `known`. Throws `integrity_mismatch` if the file has changed since then, or if the server reports
   * only its size, which can't show that the file is the same.
   */
  static async open(file: string, options: DownloadOptions, from = 0, known = UNKNOWN): Promise<Download | undefined> {
    const download = new Download(file, options, from, known);
    return (await download.#retrying(() => download.#connect())) ? download : undefined;
  }

  get size(): number | undefined {
    return this.#facts.size;
  }

  get facts(): FileMetadata {
    return this.#facts;
  }

  /**
   * Whether a tag or a hash shows that all bytes belong to the same file. If a server sends neither, a download resumes if the size is
   * equal.
   */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** The size of the whole file in bytes, from headers that may be wrong. */
  get likelySize(): number | undefined {
    return this.size ?? this.#sizeHint;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#ended ? undefined : this.#retrying(() => this.#read());
  }

  async cancel(): Promise<void> {
    this.#ended = true;
    this.#drop();
  }

  async #retrying<T>(body: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        this.#options.signal?.throwIfAborted();
        return await body();
      } catch (error) {
        this.#drop();
        try {
          await this.#retries.next(error);
        } catch (last) {
          this.#ended = true;
          throw last;
        }
      }
    }
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    while (!this.#ended) {
      if (this.#reader === undefined && !(await this.#connect())) throw this.#changed('it no longer exists');
      const chunk = await this.#next();
      if (chunk === undefined) {
        this.#endBody();
        continue;
      }
      const fresh = chunk.subarray(Math.min(this.#skip, chunk.length));
      this.#skip -= chunk.length - fresh.length;
      if (fresh.length === 0) continue;
      this.#position += fresh.length;
      if (this.size !== undefined && this.#position > this.size) throw wrongSize(this.#place, this.size);
      this.#hasNewBytes = true;
      this.#retries.progressed();
      return fresh;
    }
    return undefined;
  }

  #endBody(): void {
    this.#drop();
    if (this.#skip > 0) throw this.#changed('it is shorter now');
    if (this.size === undefined || this.#position === this.size) this.#ended = true;
    // A server may send only a part of the file at a time, so the end of a response isn't always the end of the file.
    else if (!this.#hasNewBytes) throw wrongSize(this.#place, this.size);
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { signal, clock } = this.#options;
    const reading = this.#reader?.read();
    if (reading === undefined) return undefined;
    try {
      // A custom `fetch` may ignore the signal.
      const late = (): WebVeraError => stalled(this.#place, STALLS_AFTER / 1000);
      return (await within(STALLS_AFTER, untilAborted(reading, signal), late, clock)).value;
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (this.#position === this.size) return undefined;
      throw cause instanceof WebVeraError ? cause : broken(this.#place, cause);
    }
  }

  /** Requests the missing bytes. Returns false if the file does not exist. */
  async #connect(): Promise<boolean> {
    const response = await this.#options.ask({
      ...(this.#sendsRange && { range: `bytes=${this.#position}-` }),
      ...(this.#asksForFacts && { accept: `${FACTS}, */*` }),
    });
    try {
      const taken = this.#handle(response);
      if (taken === 'body') return true;
      drop(response);
      return taken === 'again' ? await this.#connect() : taken === 'end';
    } catch (error) {
      drop(response);
      throw error;
    }
  }

  /** Handles a response. 'again' means that another request is needed. */
  #handle(response: Response): 'body' | 'end' | 'again' | 'missing' {
    if (isMissing(response)) return 'missing';
    this.#readHash(response);
    if (this.#asksForFacts && response.headers.get('content-type')?.includes(FACTS) === true) {
      this.#asksForFacts = false;
      this.#facts = { ...this.#facts, size: this.#sameSize(headerNumber(response, 'x-linked-size')) };
      return 'again';
    }
    if (response.status === 416) return this.#handleUnsatisfied(response);
    const isPart = response.status === 206;
    // In a compressed response, the range counts compressed bytes.
    if (isPart && isCompressed(response)) return this.#unranged();
    const range = isPart ? contentRange(response) : null;
    // A response from another origin may hide the offset, and some servers send another range than the requested one.
    if (isPart && (range === null ? this.#position > 0 : range.first !== this.#position)) return this.#unranged();
    this.#skip = isPart ? 0 : this.#position;
    const size = isPart ? range?.size : wholeSize(response);
    this.#expectSame(size, tagOf(response));
    this.#sizeHint ??= headerNumber(response, 'content-length');
    this.#hasNewBytes = false;
    this.#reader = response.body?.getReader();
    return 'body';
  }

  /** Handles status 416: the server has no bytes from this offset on. */
  #handleUnsatisfied(response: Response): 'end' | 'again' {
    const size = unsatisfiedSize(response);
    if (size === undefined || (size > 0 && this.#position === 0)) return this.#unranged();
    // The file may have been replaced since an earlier visit. Only a hash or an equal tag shows that it is the same.
    const { sha256, tag } = this.#facts;
    const isEarlier = size > 0 && this.#position === this.from;
    if (isEarlier && sha256 === undefined && tagOf(response) !== tag) return this.#unranged();
    if (this.#sameSize(size) !== this.#position) throw this.#changed(`it has ${size} bytes now`);
    this.#facts = { ...this.#facts, size };
    this.#ended = true;
    return 'end';
  }

  #unranged(): 'again' {
    if (!this.#sendsRange) throw this.#broken('The server sent another range than was requested');
    this.#sendsRange = false;
    return 'again';
  }

  #readHash({ headers }: Response): void {
    const sha256 = /^(?:W\/)?"?([\da-f]{64})"?$/.exec(headers.get('x-linked-etag') ?? '')?.[1];
    const { sha256: before } = this.#facts;
    if (sha256 === undefined || sha256 === before) return;
    if (before !== undefined) throw this.#changed('it has another hash now');
    this.#facts = { ...this.#facts, sha256 };
  }

  #expectSame(size: number | undefined, tag: string | undefined): void {
    const { tag: before, size: sizeBefore, sha256 } = this.#facts;
    if (tag !== undefined && before !== undefined && tag !== before) throw this.#changed('its ETag is another one now');
    const same = this.#sameSize(size);
    if (this.#position > 0 && (tag === undefined || tag !== before)) {
      const isMarked = sha256 !== undefined;
      // To resume a download of an earlier visit, an equal size is not enough.
      if (!isMarked && this.#position === this.from) throw unmarked(this.#place);
      const isSeen = size !== undefined && size === sizeBefore;
      if (!isSeen) throw this.#broken('The server sends no ETag, date or size with which the download could resume');
      this.#isSure &&= isMarked;
    }
    this.#facts = { ...this.#facts, size: same, tag: before ?? tag };
  }

  #sameSize(size: number | undefined): number | undefined {
    const before = this.size;
    if (size === undefined || before === undefined || size === before) return before ?? size;
    throw this.#changed(`it has ${size} bytes now in place of ${before}`);
  }

  #drop(): void {
    // Not awaited, because a stalled server would delay the caller.
    this.#reader?.cancel().catch(() => {});
    this.#reader = undefined;
  }

  get #place(): DownloadPosition {
    return { file: this.#file, loaded: this.#position };
  }

  #broken(why: string): WebVeraError {
    return broken(this.#place, new Error(why));
  }

  #changed(how: string): WebVeraError {
    return changed(this.#place, how);
  }
}

/** Cancels the body of a response. The result isn't awaited, because a stalled server would delay the caller. */
export function drop({ body }: Response): void {
  body?.cancel().catch(() => {});
}
