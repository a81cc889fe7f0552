/** The kind of an error, for programs to act on. */
export type ErrorCode =
  /** The browser or Node has no WebGPU, or the GPU lacks something that a model needs. Show another page, or call `probe()` first. */
  | 'unsupported_device'
  /** The page was loaded neither over https nor from localhost, so the browser doesn't give it WebGPU. Serve it over https. */
  | 'insecure_context'
  /** The GPU was reset, or its process crashed. A run resumes by itself; a model has to be loaded again. */
  | 'device_lost'
  /** After GPU crashes, the browser blocks the GPU for this site: for `detail.seconds_left` seconds if set, or until a restart if that is 0. */
  | 'gpu_blocked'
  /** The GPU or the process has no memory left. Use a smaller model, q8 or q4 weights, shorter texts or smaller batches. */
  | 'out_of_memory'
  /** The worker could not start, stopped or does not answer. A run resumes by itself; a model has to be loaded again. */
  | 'worker_crashed'
  /** A server, a worker or a chat template did not answer in time. Try again later. */
  | 'timeout'
  /** A request got no answer: there is no connection, or the server (by CORS) or the Content Security Policy forbids the request. */
  | 'offline'
  /** A server responded with an error. `detail.status` is the HTTP status. */
  | 'http_error'
  /** A file, a model, a stored adapter or a profile does not exist. */
  | 'not_found'
  /** The hub requires an account that has access to the model. Pass `token`. */
  | 'gated_repo'
  /** The content of a file doesn't match its hash. The file was not used. */
  | 'integrity_mismatch'
  /** A file is damaged, or its content has another format than its name says. */
  | 'invalid_format'
  /** A file or value is larger than its limit. It was rejected before memory was allocated. */
  | 'limit_exceeded'
  /** The model, or a setting of its configuration, isn't supported. The message names the setting or the model. */
  | 'unsupported_model'
  /** The browser's storage for this site, or the disk, is full. Delete cached models, adapters or checkpoints. */
  | 'storage_full'
  /** The browser gives this page no storage, as in some frames and private windows. */
  | 'storage_unavailable'
  /** Stored data is damaged, or a newer version of webvera has written it. It was not used. */
  | 'storage_corrupt'
  /** Another tab trains the same run or profile, or changes the same stored data. */
  | 'locked_by_other_tab'
  /** Values became infinite or NaN. Use a lower learning rate. */
  | 'numerical_error'
  /** An argument is invalid. The message contains the expected and the actual value. */
  | 'invalid_argument'
  /** A bug in webvera. Please report it. */
  | 'internal';

export interface ErrorDetails {
  /** An action that may fix the error. */
  readonly hint?: string;
  /** Whether the same call may succeed later without a change. False by default. */
  readonly retryable?: boolean;
  /** Values for a program or a bug report. They can be cloned by `structuredClone`. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The only error class of webvera. If PEFT raises the same error, `message` is exactly PEFT's; otherwise it says what was expected and what
 * the argument was. `toString()` includes the hint, and so does the stack that consoles print for an uncaught error. Aborted calls reject
 * with `signal.reason` instead of an error of this class.
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
 * Rewrites the stack of `from` as the stack of `error`, and adds the hint, because consoles print the stack of an uncaught error. In V8, a
 * stack begins with the message. The hint follows the frames, because consoles omit any other text before them. In other engines, a stack
 * consists of frames only, and consoles omit all other lines. There, the hint is added as a frame, as if it were a function's name.
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
