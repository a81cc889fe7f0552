import { type ErrorCode, WebVeraError } from '../core/errors/error';

/** The hint for a file over a limit that the session's options can raise. */
export const RAISE_LIMIT = 'If you trust the file, raise the limit in SessionOptions.limits.';

/** The error for a fault of an untrusted file. */
export function fileError(code: ErrorCode, file: string, fault: string, hint: string, detail = {}): WebVeraError {
  return new WebVeraError(code, `${file}: ${fault}`, { hint, detail: { file, ...detail } });
}
