import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** The faults of one response; none by default. */
export interface Fault {
  /** Responds with this status and without the file. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Closes the connection after this many bytes of the body. */
  readonly cutAfter?: number;
  /** Stops sending after this many bytes of the body, and then calls `onStall`. */
  readonly stallAfter?: number;
  readonly onStall?: () => void;
  readonly ignoresRange?: boolean;
  /** Sends a range that begins this many bytes later than requested, with the matching Content-Range. */
  readonly shift?: number;
  /** Sends at most this many bytes of a range, with the matching Content-Range. */
  readonly most?: number;
  readonly etag?: string | null;
  readonly bytes?: Uint8Array;
  /** Redirects to this address. */
  readonly location?: string;
}

export const HUB_COMMIT = 'c0ffee'.padEnd(40, '0');
/** The hub's response headers, including those that let pages of all origins read them. */
export const HUB_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'X-Repo-Commit, ETag, Content-Range, X-Linked-Size, X-Linked-ETag, X-Error-Code',
  'x-repo-commit': HUB_COMMIT,
};

/** The number of bytes that are sent at a time if a rate is set. */
const PIECE = 2 ** 16;

/** A file server with deliberate faults. The nth response with a file has the nth fault. */
export class FaultyServer {
  readonly asked: Asked[] = [];
  /** The number of sent bytes of files. */
  sent = 0;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #faults: Fault[] = [];
  /** The headers of every response. */
  headers: Readonly<Record<string, string>> = {};
  /** The fault of all responses that have no fault of their own. */
  always: Fault = {};
  /** The number of bytes per second of all responses together. */
  rate = Number.POSITIVE_INFINITY;
  /** The time in milliseconds at which all bytes so far will have been sent at `rate`. */
  #clear = 0;

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    this.#files = new Map(Object.entries(files));
  }

  static async start(files: Readonly<Record<string, Uint8Array>>): Promise<FaultyServer> {
    const server = new FaultyServer(files);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): unknown {
    const { range, authorization } = request.headers;
    const path = request.url ?? '';
    this.asked.push({ path, range, authorization });
    for (const [name, value] of Object.entries(this.headers)) response.setHeader(name, value);
    const file = this.#files.get(path.replace(/\?.*/, '').split('/').at(-1) ?? '');
    const fault = (file && this.#faults.shift()) ?? this.always;
    const bytes = fault.bytes ?? file;
    if (fault.location !== undefined) return response.writeHead(302, { location: fault.location }).end();
    if (fault.status !== undefined) return response.writeHead(fault.status, fault.headers).end();
    if (bytes === undefined) return response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    const { etag = '"1"', shift = 0 } = fault;
    if (etag !== null) response.setHeader('etag', etag);
    for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
    const first = /^bytes=(\d+)-$/.exec(range ?? '')?.[1];
    if (first === undefined || fault.ignoresRange) return this.#send(response, bytes, fault);
    const begin = Number(first) + shift;
    if (begin >= bytes.length) {
      return response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    }
    const end = Math.min(bytes.length, begin + (fault.most ?? bytes.length));
    response.writeHead(206, { 'content-range': `bytes ${begin}-${end - 1}/${bytes.length}` });
    this.#send(response, bytes.subarray(begin, end), fault);
  }

  #send(response: ServerResponse, body: Uint8Array, { cutAfter, stallAfter, onStall }: Fault): unknown {
    const length = Math.min(body.length, cutAfter ?? stallAfter ?? body.length);
    this.sent += length;
    // A complete body ends the response, even if the headers announced more bytes.
    if (length === body.length && cutAfter === undefined)
      return this.rate === Number.POSITIVE_INFINITY ? response.end(body) : this.#pace(response, body);
    if (!response.headersSent && !response.hasHeader('content-length'))
      response.setHeader('content-length', body.length);
    response.flushHeaders();
    return response.write(body.subarray(0, length), () => {
      // The socket sends the bytes in its buffer before it closes.
      if (cutAfter !== undefined) response.socket?.end();
      else onStall?.();
    });
  }

  async #pace(response: ServerResponse, body: Uint8Array): Promise<void> {
    if (!response.headersSent) response.setHeader('content-length', body.length);
    for (let at = 0; at < body.length && !response.destroyed; at += PIECE) {
      const piece = body.subarray(at, at + PIECE);
      this.#clear = Math.max(this.#clear, performance.now()) + (1000 * piece.length) / this.rate;
      await passed(this.#clear - performance.now());
      response.write(piece);
    }
    response.end();
  }
}
