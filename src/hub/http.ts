import { untilAborted } from '../core/async/abort';
import { type Clock, within } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';
import { isCommit } from '../core/input/commit';
import type { ByteStream, FileSource } from '../core/input/file_source';
import { expectedSha256, type Integrity } from '../core/input/integrity';
import { type Address, displayUrl, fileUrl } from './address';
import { expectAnswer } from './answers';
import { checkedStream } from './checked';
import { Download, drop, type FileMetadata, STALLS_AFTER } from './download';
import { noConnection, watchPolicy } from './no_connection';
import { type CachedPart, type Progress, tracked } from './progress';

interface HttpOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
  readonly clock: Clock;
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  readonly integrity: Integrity;
  /** Called once, when the hub first requires authorization. The token is sent only to the hub. */
  readonly token?: (() => Promise<string>) | undefined;
}

/** Downloads the files of a folder on a server as streams. Requests send no cookies and no referrer. */
export class HttpFolder implements FileSource {
  readonly name: string;
  readonly address: Address;
  /** Set to 'no-store' when webvera caches the files: otherwise the browser caches them a second time, and may return a damaged copy. */
  cache: RequestCache = 'default';
  readonly #options: HttpOptions;
  #folder: URL;
  #commit: string | undefined;
  #authorization: string | undefined;

  constructor(address: Address, options: HttpOptions) {
    this.name = address.name;
    this.address = address;
    this.#folder = address.folder;
    this.#options = options;
  }

  /** The URL from which files are requested. */
  get folder(): URL {
    return this.#folder;
  }

  get location(): string {
    return displayUrl(this.#folder);
  }

  /**
   * On the hub: the commit from which files are requested, once it is known. All files then come from one commit, even if a branch moves
   * during a load.
   */
  get commit(): string | undefined {
    return this.#commit;
  }

  pin(commit: string): void {
    const { atCommit } = this.address;
    if (atCommit === undefined || this.#commit !== undefined) return;
    this.#commit = commit;
    this.#folder = atCommit(commit);
  }

  expect(bytes: number): void {
    this.#options.progress.expect(bytes);
  }

  async open(file: string): Promise<ByteStream | undefined> {
    const download = await this.download(file);
    return download && this.verifying(file, download);
  }

  /** Returns a download as a stream that reports progress and, if the file must have some SHA-256, verifies it. */
  verifying(file: string, download: Download): ByteStream {
    const tracked = this.tracked(file, download, download.likelySize);
    const expected = this.expected(file, download.facts.sha256);
    if (expected === undefined) return tracked;
    return checkedStream(tracked, file, expected, (bytes) => this.verified(file, bytes));
  }

  /** Reports that `bytes` more bytes of a file match their hash. */
  verified(file: string, bytes: number): void {
    this.#options.progress.verify(file, bytes);
  }

  /** Returns the SHA-256 that a file must have; undefined if the file isn't verified. `hubSha256` is the one that the hub reports. */
  expected(file: string, hubSha256: string | undefined): string | undefined {
    return expectedSha256(this.#options.integrity, file, hubSha256);
  }

  /** Wraps a stream to emit progress events as it is read. `total` is the likely size in bytes. */
  tracked(file: string, stream: ByteStream, total: number | undefined, cached?: CachedPart): ByteStream {
    return tracked(stream, () => this.#options.progress.start(file, total, cached));
  }

  /** Downloads a file from the byte `from` on, without progress events. See `Download.open`. */
  download(file: string, from?: number, known?: FileMetadata): Promise<Download | undefined> {
    const { signal, clock, random } = this.#options;
    const hasFacts = this.address.atCommit !== undefined;
    const ask = (headers: Readonly<Record<string, string>>): Promise<Response> => this.#ask(file, headers);
    return Download.open(file, { signal, clock, random, ask, hasFacts }, from, known);
  }

  async #ask(file: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { clock } = this.#options;
    const url = fileUrl(this.#folder, file);
    const response = await this.#requestAs(url, headers);
    try {
      if (response.status !== 416) expectAnswer(response, url, clock.now());
    } catch (error) {
      drop(response);
      throw error;
    }
    const commit = response.headers.get('x-repo-commit');
    if (isCommit(commit)) this.pin(commit);
    return response;
  }

  /**
   * Sends a request without the token first, and again with the token if the hub refuses it. When the hub redirects to another server, the
   * browser removes the `authorization` header.
   */
  async #requestAs(url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { token } = this.#options;
    const known = this.#authorization;
    if (known !== undefined) return this.#request(url, { ...headers, authorization: known });
    const response = await this.#request(url, headers);
    const isRefused = response.status === 401 || response.status === 403;
    if (!isRefused || token === undefined || this.address.atCommit === undefined) return response;
    drop(response);
    const given = await token();
    // Other characters would make `fetch` throw an error that contains the token.
    if (!/^[\x21-\x7e]{1,1000}$/.test(given)) {
      const message = 'token: expected up to 1000 letters, digits and signs, got something else';
      throw new WebVeraError('invalid_argument', message, { hint: 'A token of the hub begins with hf_.' });
    }
    this.#authorization = `Bearer ${given}`;
    return this.#request(url, { ...headers, authorization: this.#authorization });
  }

  async #request(url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { fetch, signal, clock } = this.#options;
    const { cache } = this;
    signal?.throwIfAborted();
    const ends = new AbortController();
    const watching = new AbortController();
    const isRefused = watchPolicy(url, watching.signal);
    const both = signal === undefined ? ends.signal : AbortSignal.any([signal, ends.signal]);
    try {
      const init = { headers, cache, credentials: 'omit', referrerPolicy: 'no-referrer', signal: both } as const;
      // Called without a receiver, as browsers' `fetch` requires.
      const asked = fetch(url.href, init);
      // A custom `fetch` may ignore the signal.
      return await within(STALLS_AFTER, untilAborted(asked, signal), () => silent(url), clock);
    } catch (cause) {
      ends.abort();
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof WebVeraError) throw cause;
      throw noConnection(url, this.address, { isRefused: await isRefused(), cause });
    } finally {
      watching.abort();
    }
  }
}

function silent(url: URL): WebVeraError {
  const message = `Expected ${displayUrl(url)} to answer within ${STALLS_AFTER / 1000} s, but it didn't`;
  return new WebVeraError('timeout', message, {
    hint: 'The server is busy or not reachable; try again later.',
    retryable: true,
    detail: { url: displayUrl(url) },
  });
}
