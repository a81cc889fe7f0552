/** What went wrong, in a word that a program can act on. */
export type ErrorCode =
  | 'unsupported_device'
  | 'insecure_context'
  | 'device_lost'
  | 'gpu_blocked'
  | 'out_of_memory'
  | 'worker_crashed'
  | 'timeout'
  | 'offline'
  | 'http_error'
  | 'not_found'
  | 'gated_repo'
  | 'integrity_mismatch'
  | 'invalid_format'
  | 'limit_exceeded'
  | 'unsupported_model'
  | 'storage_full'
  | 'storage_unavailable'
  | 'storage_corrupt'
  | 'locked_by_other_tab'
  | 'numerical_error'
  | 'invalid_argument'
  | 'internal';

export interface ErrorDetails {
  /** What the reader can do about it. */
  readonly hint?: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable?: boolean;
  /** Values that a program or a bug report needs; structured-clonable. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error class of webvera. Where PEFT raises, `message` is PEFT's text to the letter; elsewhere it says what
 * was expected and what came. As a string, and where nobody catches it, it tells its hint too.
 * Aborting isn't an error of this class: promises then reject with `signal.reason`.
 */
export class WebVeraError extends Error {
  /** @internal Its name in messages, which minifiers leave. */
  static override readonly name = 'WebVeraError';

  override readonly name = 'WebVeraError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.hint = details.hint ?? '';
    this.detail = details.detail ?? {};
    // As it is made, an error has the name of its parent.
    if (this.stack !== undefined) this.stack = stackWithHint(this, { name: 'Error', message, stack: this.stack });
  }

  override toString(): string {
    const text = super.toString();
    return this.hint === '' ? text : `${text}\n${spoken(this.hint)}`;
  }
}

/**
 * The stack of `from` as that of `error`, whose hint it tells: consoles print the stack of what nobody catches. Of V8's
 * they cut off what comes before the frames, so the hint goes after them. Elsewhere a stack is frames alone, and consoles
 * pass over all else: there the hint stands in a frame of its own, in the place of a function's name.
 */
export function stackWithHint(error: WebVeraError, from: Pick<Error, 'name' | 'message' | 'stack'>): string {
  const { name, message, hint } = error;
  const { stack = '' } = from;
  const head = from.message === '' ? from.name : `${from.name}: ${from.message}`;
  const frames = stack.startsWith(head) ? head.length : stack.indexOf('\n    at ');
  if (frames >= 0) return `${name}: ${message}${stack.slice(frames)}${hint === '' ? '' : `\n${spoken(hint)}`}`;
  if (hint === '') return stack;
  const [first = ''] = stack.split('\n', 1);
  return `${spoken(hint)}@${first.slice(first.lastIndexOf('@') + 1)}\n${stack}`;
}

function spoken(hint: string): string {
  return `Hint: ${hint}`;
}
