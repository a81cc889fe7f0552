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
 * was expected and what came. Aborting isn't an error of this class: promises then reject with `signal.reason`.
 */
export class WebVeraError extends Error {
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
  }
}
