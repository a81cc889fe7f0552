import { untilAborted } from '../core/async/abort';
import { type Clock, inTime } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';
import type { ByteStream, FileSource } from '../core/input/files';
import { expectedSha256, type Integrity } from '../core/input/integrity';
import { type Address, displayUrl, fileUrl } from './address';
import { expectAnswer } from './answers';
import { CheckedStream } from './checked';
import { Download, type Facts, STALLS_AFTER } from './download';
import type { KeptBefore, Progress } from './progress';
import { TrackedStream } from './tracked';

export interface HttpOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly integrity: Integrity;
  /** Asked for once, where the hub wants to know who it is. Nobody else is told. */
  readonly token?: (() => Promise<string>) | undefined;
}

/** Files below an address, downloaded as streams. No cookies go out, and no server learns which page asks. */
export class HttpFolder implements FileSource {
  readonly name: string;
  readonly address: Address;
  /** 'no-store' for whoever keeps files: else browsers keep them again, and give damage back that they have. */
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

  /** Where files are asked for. */
  get folder(): URL {
    return this.#folder;
  }

  get location(): string {
    return displayUrl(this.#folder);
  }

  /** That all files come from, once it is known, on the hub alone: a branch that moves meanwhile doesn't mix its files. */
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
    if (download === undefined) return undefined;
    const tracked = this.tracked(file, download, download.likelySize);
    const expected = this.expected(file, download.facts.sha256);
    if (expected === undefined) return tracked;
    return new CheckedStream(tracked, file, expected, (bytes) => this.verified(file, bytes));
  }

  /** So many bytes more of a file were found to be what they should be. */
  verified(file: string, bytes: number): void {
    this.#options.progress.verify(file, bytes);
  }

  /** What a file's SHA-256 must be, if `told` is what the hub tells of it. */
  expected(file: string, told: string | undefined): string | undefined {
    return expectedSha256(this.#options.integrity, file, told);
  }

  /** The same stream, reported as it is read. `total` is what it will likely have. */
  tracked(file: string, stream: ByteStream, total: number | undefined, kept?: KeptBefore): ByteStream {
    return new TrackedStream(stream, () => this.#options.progress.start(file, total, kept));
  }

  /** The file from a byte on, without a word to whoever listens. As `Download.open`. */
  download(file: string, from?: number, known?: Facts): Promise<Download | undefined> {
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
      // Not awaited: a server that has stalled would hold us up.
      response.body?.cancel().catch(() => {});
      throw error;
    }
    const commit = response.headers.get('x-repo-commit') ?? '';
    if (/^[\da-f]{40}$/.test(commit)) this.pin(commit);
    return response;
  }

  /** Without a word about who asks, unless the hub wants to know. A browser leaves it out wherever the hub leads to. */
  async #requestAs(url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { token } = this.#options;
    const known = this.#authorization;
    if (known !== undefined) return this.#request(url, { ...headers, authorization: known });
    const response = await this.#request(url, headers);
    const isRefused = response.status === 401 || response.status === 403;
    if (!isRefused || token === undefined || this.address.atCommit === undefined) return response;
    response.body?.cancel().catch(() => {});
    const given = await token();
    // Others would stand in the error that a header of them gives.
    if (!/^[\x21-\x7e]{1,1000}$/.test(given)) {
      throw new WebVeraError(
        'invalid_argument',
        'token: expected up to 1000 letters, digits and signs, got something else',
        {
          hint: 'A token of the hub begins with hf_.',
        },
      );
    }
    this.#authorization = `Bearer ${given}`;
    return this.#request(url, { ...headers, authorization: this.#authorization });
  }

  async #request(url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
    const { fetch, signal, clock } = this.#options;
    const { cache } = this;
    signal?.throwIfAborted();
    const ends = new AbortController();
    const both = signal === undefined ? ends.signal : AbortSignal.any([signal, ends.signal]);
    try {
      const init = { headers, cache, credentials: 'omit', referrerPolicy: 'no-referrer', signal: both } as const;
      const asked = fetch(url.href, init);
      // Not every fetch that is passed in heeds the signal.
      return await inTime(clock, STALLS_AFTER, untilAborted(asked, signal), () => silent(url));
    } catch (cause) {
      ends.abort();
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof WebVeraError) throw cause;
      throw new WebVeraError('offline', `Expected ${displayUrl(url)} to answer, but there was no connection`, {
        hint: 'Check the connection. If the address opens in a tab of its own, its server refuses other sites (CORS).',
        retryable: true,
        detail: { url: displayUrl(url) },
        cause,
      });
    }
  }
}

function silent(url: URL): WebVeraError {
  const message = `Expected ${displayUrl(url)} to answer within ${STALLS_AFTER / 1000} s, but it didn't`;
  return new WebVeraError('timeout', message, {
    hint: 'The server is busy or out of reach; try again later.',
    retryable: true,
    detail: { url: displayUrl(url) },
  });
}
