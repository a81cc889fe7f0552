/** What can go wrong with storage, in the words of the public error codes. */
export type StoreErrorCode = 'storage_full' | 'storage_unavailable' | 'storage_corrupt';

/** A failure of the store. `cause` is what the browser said. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** Whether the same may succeed a little later. */
  readonly retryable: boolean;

  constructor(
    code: StoreErrorCode,
    message: string,
    { cause, retryable = false }: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ) {
    super(message, { cause });
    this.code = code;
    this.retryable = retryable;
  }
}
