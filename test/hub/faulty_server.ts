import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes wrong with one answer; nothing by default. */
export interface Fault {
  /** An answer without the file. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number;
  /** Nothing more comes after so many bytes of the body. Called once they are sent. */
  readonly stallAfter?: number;
  readonly onStall?: () => void;
  readonly ignoresRange?: boolean;
  /** Says and gives bytes from so much further on than was asked for. */
  readonly shift?: number;
  /** Gives at most so many bytes of a range, and says so. */
  readonly most?: number;
  readonly etag?: string | null;
  readonly bytes?: Uint8Array;
  /** Leads elsewhere. */
  readonly location?: string;
}

export const HUB_COMMIT = 'c0ffee'.padEnd(40, '0');
/** As the hub lets all origins see where a file comes from. */
export const HUB_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'X-Repo-Commit, ETag, Content-Range, X-Linked-Size, X-Linked-ETag, X-Error-Code',
  'x-repo-commit': HUB_COMMIT,
};

/** Bytes that are sent at a time at a given rate. */
const PIECE = 2 ** 16;

/** A server of files. Of its answers with a file, the nth goes wrong as the nth fault says. */
export class FaultyServer {
  readonly asked: Asked[] = [];
  /** Bytes of files so far. */
  sent = 0;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #faults: Fault[] = [];
  /** Of every answer, such as those that let other origins see it. */
  headers: Readonly<Record<string, string>> = {};
  /** What goes wrong with all answers that no fault of their own is left for. */
  always: Fault = {};
  /** Bytes a second that all answers share. */
  rate = Number.POSITIVE_INFINITY;
  /** When what was sent so far has gone, at that rate. */
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
    // A whole body is followed by the end of the connection, too, where more was promised.
    if (length === body.length && cutAfter === undefined)
      return this.rate === Number.POSITIVE_INFINITY ? response.end(body) : this.#pace(response, body);
    if (!response.headersSent && !response.hasHeader('content-length'))
      response.setHeader('content-length', body.length);
    response.flushHeaders();
    return response.write(body.subarray(0, length), () => {
      // What is in the socket's buffer comes before its end.
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
