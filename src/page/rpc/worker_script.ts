import { WebVeraError } from '../../core/errors/error';

interface ScriptRequest {
  readonly url: string;
  /** The script's expected hash, in the form of the HTML attribute `integrity`: 'sha384-…' */
  readonly integrity: string;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Fetches the worker's script and checks that it is from the same build as this one. Rejects with `integrity_mismatch` for another script,
 * with `not_found` or `http_error` if the server doesn't have it, and with `offline` if the request fails.
 */
export async function fetchWorkerScript(request: ScriptRequest): Promise<Blob> {
  const { url, integrity, signal, fetch = globalThis.fetch } = request;
  // The HTTP cache may hold another version of the script, and a failed fetch doesn't report its cause, so the second attempt bypasses the
  // cache.
  for (const cache of ['default', 'reload'] as const) {
    try {
      const response = await fetch(url, { integrity, cache, ...(signal && { signal }) });
      if (response.ok) return scriptOf(await response.arrayBuffer());
    } catch (error) {
      if (signal?.aborted) throw error;
    }
  }
  return askPlainly(request);
}

/** Fetches without `integrity` to find out why the fetch failed. Returns the script if it is the expected one. */
async function askPlainly({ url, integrity, signal, fetch = globalThis.fetch }: ScriptRequest): Promise<Blob> {
  const response = await fetch(url, { ...(signal && { signal }) }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    if (url.startsWith('file:')) {
      throw new WebVeraError('offline', `Expected the worker's script from a server, got the file ${url}`, {
        hint: 'Open the page through a server: `npx serve`, or `python -m http.server`, and its address at http://localhost.',
        detail: { url },
        cause,
      });
    }
    throw new WebVeraError('offline', `The worker's script could not be fetched from ${url}`, {
      hint: 'Is there a connection? Another origin has to send Access-Control-Allow-Origin, and the Content-Security-Policy to allow it in connect-src.',
      retryable: true,
      detail: { url },
      cause,
    });
  });
  if (!response.ok) {
    await response.body?.cancel();
    const code = response.status === 404 ? 'not_found' : 'http_error';
    throw new WebVeraError(code, `Expected the worker's script at ${url}, got HTTP ${response.status}`, {
      hint: 'Reload the page: its site may have a new version. Serve worker.js and chat_worker.js beside embed.js.',
      retryable: response.status >= 500,
      detail: { url, status: response.status },
    });
  }
  const bytes = await response.arrayBuffer();
  if ((await hashOf(bytes)) === integrity) return scriptOf(bytes);
  throw new WebVeraError('integrity_mismatch', `Expected ${url} to be of the hash ${integrity}, got another file`, {
    hint: 'Reload the page: its site may have a new version. Serve embed.js and its workers of one and the same version, byte for byte as they were published.',
    detail: { url, integrity },
  });
}

function scriptOf(bytes: ArrayBuffer): Blob {
  return new Blob([bytes], { type: 'text/javascript' });
}

/** Returns the hash of a script. Undefined in pages over http, which have no SubtleCrypto. */
async function hashOf(bytes: ArrayBuffer): Promise<string | undefined> {
  const { subtle }: { readonly subtle?: SubtleCrypto } = crypto;
  if (subtle === undefined) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-384', bytes));
  return `sha384-${btoa(String.fromCharCode(...digest))}`;
}
