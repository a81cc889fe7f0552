import { WebVeraError } from '../core/errors/error';

/** A file and the bytes downloaded so far. */
export interface DownloadPosition {
  readonly file: string;
  /** The number of bytes downloaded so far. */
  readonly loaded: number;
}

export function broken({ file, loaded }: DownloadPosition, cause: unknown): WebVeraError {
  return new WebVeraError('offline', `${file}: the connection broke after ${loaded} bytes`, {
    hint: 'Check the connection and load the model again.',
    retryable: true,
    detail: { file, loaded },
    cause,
  });
}

export function stalled({ file, loaded }: DownloadPosition, seconds: number): WebVeraError {
  const message = `${file}: expected more after ${loaded} bytes, got none for ${seconds} s`;
  return new WebVeraError('timeout', message, {
    hint: 'Check the connection and load the model again.',
    retryable: true,
    detail: { file, loaded },
  });
}

export function changed(place: DownloadPosition, how: string): WebVeraError {
  return another(place, `the file changed on the server: ${how}`);
}

/** Returns the error for a server that reports only the file's size, which can't show that the file is the same. */
export function unmarked(place: DownloadPosition): WebVeraError {
  return another(place, 'the server sends no ETag, date or hash that shows that it is the same file');
}

function another({ file, loaded }: DownloadPosition, why: string): WebVeraError {
  return new WebVeraError('integrity_mismatch', `${file}: expected to continue after ${loaded} bytes, but ${why}`, {
    hint: 'Load the model again.',
    retryable: true,
    detail: { file, loaded },
  });
}

export function wrongSize({ file, loaded }: DownloadPosition, size: number): WebVeraError {
  return new WebVeraError('invalid_format', `${file}: expected ${size} bytes, got ${loaded}`, {
    hint: 'The download was cut off, or the file changed on the server; load the model again.',
    retryable: true,
    detail: { file, expected: size, loaded },
  });
}
