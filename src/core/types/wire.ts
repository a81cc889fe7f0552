import { abortError, isAbort } from '../async/abort';
import { type ErrorCode, stackWithHint, WebVeraError } from '../errors/error';

/** An error as plain data: structured clone would drop an error's class, code and details. */
export type ErrorData =
  | { readonly kind: 'abort'; readonly message: string }
  | {
      readonly kind: 'webvera';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string;
      readonly retryable: boolean;
      readonly detail: Readonly<Record<string, unknown>>;
      readonly stack: string | undefined;
    };

/** The result of a call across the worker boundary. */
export type Outcome = { readonly value: unknown } | { readonly error: ErrorData };

/** Messages that a worker posts in addition to comlink's replies. They use the same channel, so that the order is preserved. */
export type WorkerMessage<Event> =
  | { readonly webvera: 'ready'; readonly version: string; readonly lock: string | null }
  | { readonly webvera: 'event'; readonly event: Event }
  /** The answer to a `HEARTBEAT` message. */
  | { readonly webvera: 'alive' }
  /** The worker will not answer for up to this many seconds. */
  | { readonly webvera: 'quiet'; readonly seconds: number };

/** The page's heartbeat message, which isn't one of comlink's calls. The worker answers as soon as it can. */
export const HEARTBEAT = { webvera: 'look' } as const;

export function isHeartbeat(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'webvera' in data && data.webvera === HEARTBEAT.webvera;
}

export function isWorkerMessage(data: unknown): data is WorkerMessage<unknown> {
  return typeof data === 'object' && data !== null && 'webvera' in data;
}

/** Returns aborts and WebVeraErrors unchanged; converts any other error to the WebVeraError that describes it best. */
export function toKnownError(error: unknown): WebVeraError | DOMException {
  if (error instanceof WebVeraError) return error;
  if (isAbort(error)) return error as DOMException;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'QuotaExceededError') {
    return new WebVeraError('storage_full', `The browser's storage is full: ${message}`, {
      hint: 'Delete stored adapters or models, or free disk space.',
      cause: error,
    });
  }
  if (name === 'RangeError' && /alloc|array buffer|array length/i.test(message)) {
    return new WebVeraError('out_of_memory', `Not enough memory: ${message}`, {
      hint: 'Use a smaller model, batch or max_length, or close other tabs.',
      cause: error,
    });
  }
  if (name === 'DataCloneError') {
    return new WebVeraError('invalid_argument', `A value can't be sent to the worker: ${message}`, {
      hint: 'Pass plain data: numbers, strings, arrays, typed arrays, Blobs. Pass reactive state as $state.snapshot(value) in Svelte, or toRaw(value) in Vue.',
      cause: error,
    });
  }
  return new WebVeraError('internal', name === '' ? message : `${name}: ${message}`, {
    hint: 'This is a defect in webvera. Please report it with this message.',
    cause: error,
  });
}

export function errorToData(thrown: unknown): ErrorData {
  const error = toKnownError(thrown);
  if (!(error instanceof WebVeraError)) return { kind: 'abort', message: error.message };
  const { code, message, hint, retryable, detail } = error;
  // The cause is not sent, but its stack replaces the error's own stack.
  const stack = error.cause instanceof Error ? stackWithHint(error, error.cause) : error.stack;
  return { kind: 'webvera', code, message, hint, retryable, detail: cloneable(detail), stack };
}

export function errorFromData(data: ErrorData): WebVeraError | DOMException {
  if (data.kind === 'abort') return abortError(data.message);
  const error = new WebVeraError(data.code, data.message, data);
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

/** Clones `detail`. Values that can't be cloned become strings, because `detail` is for programs and bug reports only. */
function cloneable(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => {
      try {
        return [key, structuredClone(value)];
      } catch {
        return [key, String(value)];
      }
    }),
  );
}
