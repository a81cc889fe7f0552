/** The kinds of storage errors, a subset of the public error codes. */
export type StoreErrorCode = 'storage_full' | 'storage_unavailable' | 'storage_corrupt' | 'locked_by_other_tab';

interface StoreErrorDetails {
  readonly cause?: unknown;
  readonly retryable?: boolean;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A failure of the store. `cause` is the browser's error. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** Whether the same call may succeed a little later. */
  readonly retryable: boolean;
  /** Details as plain data, for code that handles the error. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: StoreErrorCode,
    message: string,
    { cause, retryable = false, detail = {} }: StoreErrorDetails = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retryable = retryable;
    this.detail = detail;
  }
}
