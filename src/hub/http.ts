import { untilAborted } from '../core/abort';
import { WebVeraError } from '../core/error';
import type { ByteStream, FileSource } from '../core/files';
import { type Address, displayUrl, expectFetchable, fileUrl } from './address';
import type { FileProgress, Progress } from './progress';

interface HttpOptions {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
}

/** Files below an address, downloaded as streams. No cookies go out, and no server learns which page asks. */
export class HttpFolder implements FileSource {
  readonly name: string;
  readonly location: string;
  readonly #folder: URL;
  readonly #options: HttpOptions;

  constructor({ name, folder }: Address, options: HttpOptions) {
    this.name = name;
    this.location = displayUrl(folder);
    this.#folder = folder;
    this.#options = options;
  }

  expect(bytes: number): void {
    this.#options.progress.expect(bytes);
  }

  async open(file: string): Promise<ByteStream | undefined> {
    const { signal, progress } = this.#options;
    const url = fileUrl(this.#folder, file);
    const response = await this.#request(url);
    const refused = refusal(response, url);
    if (refused !== undefined || isMissing(response)) {
      // Not awaited: a server that has stalled would hold us up.
      response.body?.cancel().catch(() => {});
      if (refused === undefined) return undefined;
      throw refused;
    }
    const exact = exactSize(response);
    const total = exact ?? headerNumber(response, 'content-length');
    return new HttpStream(response, file, exact, signal, () => progress.start(file, total));
  }

  async #request(url: URL): Promise<Response> {
    const { fetch, signal } = this.#options;
    signal?.throwIfAborted();
    try {
      // Not every fetch that is passed in heeds the signal.
      return await untilAborted(
        fetch(url.href, { credentials: 'omit', referrerPolicy: 'no-referrer', signal: signal ?? null }),
        signal,
      );
    } catch (cause) {
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

class HttpStream implements ByteStream {
  readonly size: number | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  readonly #file: string;
  readonly #signal: AbortSignal | undefined;
  readonly #start: () => FileProgress;
  #progress: FileProgress | undefined;
  #ended = false;

  constructor(
    response: Response,
    file: string,
    size: number | undefined,
    signal: AbortSignal | undefined,
    start: () => FileProgress,
  ) {
    this.size = size;
    this.#reader = response.body?.getReader();
    this.#file = file;
    this.#signal = signal;
    this.#start = start;
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#ended) return undefined;
    this.#progress ??= this.#start();
    const chunk = await this.#next();
    const loaded = this.#progress.loaded + (chunk?.length ?? 0);
    if (this.size !== undefined && (chunk === undefined ? loaded < this.size : loaded > this.size)) {
      await this.cancel();
      throw this.#wrongSize(this.size, loaded);
    }
    if (chunk !== undefined) {
      this.#progress.add(chunk.length);
    } else {
      this.#ended = true;
      this.#progress.done();
    }
    return chunk;
  }

  async cancel(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // Not awaited: a server that has stalled would hold us up.
    this.#reader?.cancel().catch(() => {});
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      this.#signal?.throwIfAborted();
      const reading = this.#reader?.read();
      return reading && (await untilAborted(reading, this.#signal)).value;
    } catch (cause) {
      await this.cancel();
      if (this.#signal?.aborted) throw this.#signal.reason;
      const loaded = this.#progress?.loaded ?? 0;
      throw new WebVeraError('offline', `${this.#file}: the connection broke after ${loaded} bytes`, {
        hint: 'Check the connection and load the model again.',
        retryable: true,
        detail: { file: this.#file, loaded },
        cause,
      });
    }
  }

  #wrongSize(size: number, loaded: number): WebVeraError {
    return new WebVeraError('invalid_format', `${this.#file}: expected ${size} bytes, got ${loaded}`, {
      hint: 'The download was cut off, or the file changed on the server; load the model again.',
      retryable: true,
      detail: { file: this.#file, expected: size, loaded },
    });
  }
}

/** A response that means: no such file here. Others say that the folder is missing, or can't be had. */
function isMissing(response: Response): boolean {
  const error = response.headers.get('x-error-code');
  if (response.status === 404 || response.status === 410) return error === null || error === 'EntryNotFound';
  // Servers of single-page apps answer with their page whatever is asked for. No model file is a web page.
  return response.ok && /^text\/html\b/i.test(response.headers.get('content-type') ?? '');
}

function refusal(response: Response, url: URL): unknown {
  try {
    if (response.redirected) expectFetchable(new URL(response.url));
  } catch (error) {
    return error;
  }
  return response.ok || isMissing(response) ? undefined : httpError(response, url);
}

function httpError({ status, headers }: Response, url: URL): WebVeraError {
  const hubCode = headers.get('x-error-code');
  const what = `${displayUrl(url)}: expected the file, got HTTP status ${status}${hubCode === null ? '' : `, ${hubCode}`}`;
  const detail = { url: displayUrl(url), status, hubCode };
  if (hubCode === 'GatedRepo') {
    return new WebVeraError('gated_repo', what, { hint: "The owner gives access on the model's page only.", detail });
  }
  if (hubCode === 'RepoNotFound' || hubCode === 'RevisionNotFound' || status === 404) {
    return new WebVeraError('not_found', what, { hint: CHECK_NAMES, detail });
  }
  const retryable = status >= 500 || status === 408 || status === 429;
  const hint = retryable ? 'The server is busy or broken; try again later.' : 'Does the server let everybody read it?';
  return new WebVeraError('http_error', what, { hint, retryable, detail });
}

const CHECK_NAMES =
  "Check the names of the repository and the revision. A folder of your own is written './folder/', an adapter that is kept " +
  "in this browser { id: 'name' }.";

/**
 * The file's size, where it is sure: `Content-Length` counts compressed bytes, and other origins hide whether there
 * is a compression.
 */
function exactSize(response: Response): number | undefined {
  const linked = headerNumber(response, 'x-linked-size');
  if (linked !== undefined) return linked;
  if (response.type === 'cors' || response.headers.has('content-encoding')) return undefined;
  return headerNumber(response, 'content-length');
}

function headerNumber({ headers }: Response, name: string): number | undefined {
  const text = headers.get(name) ?? '';
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}
