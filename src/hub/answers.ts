import { WebVeraError } from '../core/errors/error';
import { displayUrl, expectFetchable } from './address';

/** Whether the error means that the hub doesn't have the requested revision. */
export function isRevisionGone(error: unknown): error is WebVeraError {
  return error instanceof WebVeraError && error.detail.hubCode === 'RevisionNotFound';
}

/** Whether a response means that the file does not exist. Other errors mean that the folder is missing or not accessible. */
export function isMissing({ status, ok, headers }: Response): boolean {
  const error = headers.get('x-error-code');
  if (status === 404 || status === 410) return error === null || error === 'EntryNotFound';
  // Servers of single-page apps answer every request with their page. No model file is an HTML page.
  return ok && /^text\/html\b/i.test(headers.get('content-type') ?? '');
}

/** Throws for a failed response, unless the failure means that the file does not exist. `now` is in milliseconds since 1970. */
export function expectAnswer(response: Response, url: URL, now: number): void {
  if (response.redirected) expectFetchable(new URL(response.url));
  if (!response.ok && !isMissing(response)) throw httpError(response, url, now);
}

function httpError({ status, headers }: Response, url: URL, now: number): WebVeraError {
  const hubCode = headers.get('x-error-code');
  const what = `${displayUrl(url)}: expected the file, got HTTP status ${status}${hubCode === null ? '' : `, ${hubCode}`}`;
  const detail = { url: displayUrl(url), status, hubCode };
  if (hubCode === 'GatedRepo') {
    return new WebVeraError('gated_repo', what, {
      hint: "Request access on the model's page, then pass `token: () => …` with your token.",
      detail,
    });
  }
  if (hubCode === 'RepoNotFound' || hubCode === 'RevisionNotFound' || status === 404) {
    const mayBePrivate = status === 401 || status === 403;
    return new WebVeraError('not_found', what, {
      hint: mayBePrivate ? `${CHECK_NAMES} ${PRIVATE}` : CHECK_NAMES,
      detail,
    });
  }
  const retryable = status >= 500 || status === 408 || status === 429;
  const seconds = retryable ? secondsOf(headers.get('retry-after'), now) : undefined;
  const later = seconds === undefined ? 'later' : `in ${Math.ceil(seconds)} s`;
  return new WebVeraError('http_error', what, {
    hint: retryable
      ? `${status === 429 ? TOO_MANY : 'The server is busy or broken'}; try again ${later}.`
      : 'Is the file public? Requests send no cookies, and a token goes to the hub alone.',
    retryable,
    detail: seconds === undefined ? detail : { ...detail, retryAfter: seconds },
  });
}

const TOO_MANY = 'The server allows fewer requests, which it counts by address or account';

/** A request without a token gets the same response for a private repository as for one that doesn't exist. */
const PRIVATE = 'A private repository needs `token: () => …` with your token.';

const CHECK_NAMES =
  "Check the names of the repository and the revision. Write your own folder as './folder/', and an adapter saved in this " +
  "browser as { id: 'name' }.";

/** Returns the number of seconds to wait that a `Retry-After` header requests, either as a number of seconds or as a date. */
function secondsOf(text: string | null, now: number): number | undefined {
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Returns the offset of the first byte and the size of the whole file, from `Content-Range`; null if the header is hidden or invalid. */
export function contentRange({ headers }: Response): { readonly first: number; readonly size: number } | null {
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  const range = { first: Number(first), size: Number(size) };
  const isSane = Number.isSafeInteger(range.size) && range.first <= Number(last) && Number(last) < range.size;
  return isSane ? range : null;
}

/** Returns the file's size from a response with status 416, which means that the requested range is beyond the end of the file. */
export function unsatisfiedSize({ headers }: Response): number | undefined {
  const [, size] = /^bytes \*\/(\d{1,15})$/.exec(headers.get('content-range') ?? '') ?? [];
  return size === undefined ? undefined : Number(size);
}

/**
 * Returns the file's size from a response with the whole file; undefined if the size isn't certain. `Content-Length` counts compressed
 * bytes, and a response from another origin hides whether it is compressed.
 */
export function wholeSize(response: Response): number | undefined {
  const linked = headerNumber(response, 'x-linked-size');
  if (linked !== undefined) return linked;
  if (response.type === 'cors' || response.headers.has('content-encoding')) return undefined;
  return headerNumber(response, 'content-length');
}

/** Whether the server declares that it sends the file in compressed form. */
export function isCompressed({ headers }: Response): boolean {
  return !['', 'identity'].includes(headers.get('content-encoding') ?? '');
}

/** Returns a tag that changes when the file changes: its ETag, else its modification date; undefined if the server sends neither. */
export function tagOf({ headers }: Response): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

export function headerNumber({ headers }: Response, name: string): number | undefined {
  const text = headers.get(name) ?? '';
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}
