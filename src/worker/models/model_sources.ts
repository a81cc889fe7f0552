import type { FileSource } from '../../core/files';
import { defaultLimits, type ParserLimits, type ProgressInfo } from '../../core/source';
import { openSource } from '../../hub/open_source';
import type { CallId, LoadOptions, OpenOptions, SessionHost, WireSource } from '../protocol';
import type { Calls } from '../rpc/calls';
import { sealed } from '../rpc/seal';

/** What a session's sources go by, where it has calls at all. */
interface SourceParts {
  readonly calls?: Calls;
}

/** Where a session's models, tokenizers and adapters come from. */
export class ModelSources {
  /** Of what is read. */
  readonly limits: ParserLimits;
  readonly #host: SessionHost;
  readonly #calls: Calls | undefined;
  readonly #options: OpenOptions;
  #sealed = false;

  constructor(host: SessionHost, options: OpenOptions, { calls }: SourceParts = {}) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.#host = host;
    this.#calls = calls;
    this.#options = options;
  }

  /** From now on nothing is downloaded. */
  seal(): void {
    this.#sealed = true;
  }

  open(call: CallId, source: WireSource, options: LoadOptions, signal: AbortSignal): FileSource {
    const { remoteHost, remotePathTemplate } = this.#options;
    const { progress, revision, integrity, hasToken } = options;
    const calls = this.#calls;
    const report = (info: ProgressInfo): void => this.#host.emit({ type: 'progress', call, info });
    return openSource(typeof source === 'object' && 'url' in source ? new URL(source.url) : source, {
      signal,
      fetch: (input, init) => this.#fetch(input, init),
      ...(remoteHost !== undefined && { remoteHost }),
      ...(remotePathTemplate !== undefined && { remotePathTemplate }),
      ...(revision !== undefined && { revision }),
      integrity,
      ...(hasToken && calls && { token: () => calls.token(call, signal) }),
      ...(progress && { progress_callback: report }),
    });
  }

  /** Asked at each request: a download may be under way when the session is sealed. */
  async #fetch(...request: Parameters<typeof globalThis.fetch>): Promise<Response> {
    if (this.#sealed) throw sealed();
    // Called as a plain function, as browsers' fetch must be.
    const { fetch = globalThis.fetch } = this.#host;
    return fetch(...request);
  }
}
