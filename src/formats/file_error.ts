import { type ErrorCode, WebVeraError } from '../core/errors/error';

/** The hint for a file that exceeds a limit which the session's options can raise. */
export const RAISE_LIMIT = 'If you trust the file, raise the limit in SessionOptions.limits.';

/** Creates the error for a fault in an untrusted file. */
export function fileError(code: ErrorCode, file: string, fault: string, hint: string, detail = {}): WebVeraError {
  return new WebVeraError(code, `${file}: ${fault}`, { hint, detail: { file, ...detail } });
}
