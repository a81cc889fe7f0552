/** The kind of error, as a word that a program can act on. */
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
  /** An action that may fix the error. */
  readonly hint?: string;
  /** Whether the same call may succeed later without a change. False by default. */
  readonly retryable?: boolean;
  /** Values for a program or a bug report; structured-clonable. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error class of webvera. If PEFT raises the same error, `message` is PEFT's text to the letter; otherwise it says what was
 * expected and what the argument was. `toString()`, and the stack that consoles print of an uncaught error, include the hint. Aborted calls
 * reject with `signal.reason` instead of an error of this class.
 */
export class WebVeraError extends Error {
  /** @internal The class name in messages, which minifiers leave unchanged. */
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
    // At this point the stack still begins with the name of the parent class, `Error`.
    if (this.stack !== undefined) this.stack = stackWithHint(this, { name: 'Error', message, stack: this.stack });
  }

  override toString(): string {
    const text = super.toString();
    return this.hint === '' ? text : `${text}\n${spoken(this.hint)}`;
  }
}

/**
 * The stack of `from`, rewritten as the stack of `error` and with its hint: consoles print the stack of an uncaught error. V8's stacks
 * begin with the message, but consoles cut off everything else before the frames, so the hint follows the frames. Other engines' stacks
 * consist of frames only, and consoles skip other lines: there the hint stands in a frame of its own, in place of a function's name.
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
