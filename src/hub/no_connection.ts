import { WebVeraError } from '../core/errors/error';
import { type Address, displayUrl } from './address';

/** The hub's origin. The hub redirects downloads to hosts below huggingface.co and hf.co. */
const HUB = 'https://huggingface.co';
/** Milliseconds to wait after a failed request for the browser's report that the Content Security Policy refused it. */
const REPORTED_WITHIN = 100;

/**
 * Watches whether a Content Security Policy refuses a request: `fetch` then fails as if there were no connection, and only an
 * event names the policy. The returned function resolves with whether the policy refused the request. `ends` stops watching.
 */
export function watchPolicy(url: URL, ends: AbortSignal): () => Promise<boolean> {
  const scope = globalThis as { addEventListener?: typeof addEventListener };
  const hasEvents = typeof SecurityPolicyViolationEvent !== 'undefined' && scope.addEventListener !== undefined;
  if (!hasEvents) return async () => false;
  let report = (_isRefused: boolean): void => {};
  const reported = new Promise<boolean>((resolve) => {
    report = resolve;
  });
  const onViolation = ({ blockedURI, effectiveDirective }: SecurityPolicyViolationEvent): void => {
    if (effectiveDirective === 'connect-src' && url.href.startsWith(blockedURI)) report(true);
  };
  const target = globalThis as unknown as Document;
  (globalThis.document ?? target).addEventListener('securitypolicyviolation', onViolation, { signal: ends });
  return () => {
    setTimeout(report, REPORTED_WITHIN, false);
    return reported;
  };
}

/** Returns the error for a request without a response. `isRefused`: whether a Content Security Policy refused the request. */
export function noConnection(url: URL, address: Address, { isRefused, cause }: NoAnswer): WebVeraError {
  const shown = displayUrl(url);
  const detail = { url: shown };
  if (isRefused) {
    const hosts = url.origin === HUB ? `${HUB} https://*.huggingface.co https://*.hf.co` : url.origin;
    const message = `Expected to request ${shown}, but a Content-Security-Policy does not allow it`;
    return new WebVeraError('offline', message, {
      hint: `Add ${hosts} to the connect-src that worker.js is served with; the page's counts for the tag, and for a worker.js of another origin.`,
      detail,
      cause,
    });
  }
  return new WebVeraError('offline', `Expected ${shown} to answer, but there was no connection`, {
    hint: `Check the connection. ${address.atCommit === undefined ? ofServer() : OWN_FOLDER}`.trim(),
    retryable: true,
    detail,
    cause,
  });
}

interface NoAnswer {
  readonly isRefused: boolean;
  readonly cause: unknown;
}

/** Returns the hint for a server other than the hub. A page needs the server's permission (CORS); a process in Node doesn't. */
function ofServer(): string {
  if (globalThis.location === undefined) return 'Is the address right, and does a proxy or a firewall let it through?';
  return 'If the address opens in its own tab, the server does not allow requests of other sites (CORS). Its 404s must allow them, too.';
}

/** The hint for a URL that was derived from a model's name. The caller may have meant a local folder or a saved adapter. */
const OWN_FOLDER =
  "If this isn't a model of the hub: your own folder is written './folder/', and an adapter saved in this browser { id: 'name' }.";
