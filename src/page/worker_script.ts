import { WebVeraError } from '../core/error';

export interface ScriptRequest {
  readonly url: string;
  /** As an element's attribute `integrity`: 'sha384-…' */
  readonly integrity: string;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * The worker's script, from wherever it is, if it is the one that was built along with this one. Rejects with
 * `integrity_mismatch` where it isn't, `not_found` or `http_error` where the server has none, and `offline`.
 */
export async function fetchWorkerScript(request: ScriptRequest): Promise<Blob> {
  const { url, integrity, signal, fetch = globalThis.fetch } = request;
  // A cache may hold the script of another version, and a failed fetch doesn't say why it failed.
  for (const cache of ['default', 'reload'] as const) {
    try {
      const response = await fetch(url, { integrity, cache, ...(signal && { signal }) });
      if (response.ok) return new Blob([await response.arrayBuffer()], { type: 'text/javascript' });
    } catch (error) {
      if (signal?.aborted) throw error;
    }
  }
  throw await reason(request);
}

/** Why it can't be had: asks for it as it is. */
async function reason({ url, integrity, signal, fetch = globalThis.fetch }: ScriptRequest): Promise<WebVeraError> {
  try {
    const response = await fetch(url, { ...(signal && { signal }) });
    await response.body?.cancel();
    if (response.ok) {
      return new WebVeraError(
        'integrity_mismatch',
        `Expected ${url} to be of the hash ${integrity}, got another file`,
        {
          hint: 'Serve embed.js and worker.js of one and the same version, byte for byte as they were published.',
          detail: { url, integrity },
        },
      );
    }
    const code = response.status === 404 ? 'not_found' : 'http_error';
    return new WebVeraError(code, `Expected the worker's script at ${url}, got HTTP ${response.status}`, {
      hint: 'Serve worker.js beside embed.js.',
      retryable: response.status >= 500,
      detail: { url, status: response.status },
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    return new WebVeraError('offline', `The worker's script could not be fetched from ${url}`, {
      hint: 'Is there a connection? Another origin has to send Access-Control-Allow-Origin, and the Content-Security-Policy to allow it in connect-src.',
      retryable: true,
      detail: { url },
      cause,
    });
  }
}
