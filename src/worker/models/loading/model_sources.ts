import { WebVeraError } from '../../../core/errors/error';
import type { Warn } from '../../../core/errors/warning';
import type { FileSource } from '../../../core/input/file_source';
import { defaultLimits, type ParserLimits, type ProgressInfo } from '../../../core/types/source';
import type { HttpFolder } from '../../../hub/http';
import { openSource } from '../../../hub/open_source';
import type { WeightStore } from '../../../store/weight_store';
import type { CallId, LoadOptions, OpenOptions, SessionHost, WireSource } from '../../protocol';
import type { Calls } from '../../rpc/calls';
import { sealed } from '../../rpc/seal';
import { CachedFolder, type CachedFolderOptions, isCacheable } from '../../storage/cached_folder';

/** The parts of a session that its sources use. Sources outside of a session, as in tests, lack them. */
interface SourceParts {
  readonly calls?: Calls;
  /** The storage of cached downloads. */
  readonly cache?: WeightStore | undefined;
  readonly warn?: Warn;
}

interface CacheOptions extends Omit<CachedFolderOptions, 'store' | 'warn'> {
  /** The call under which progress is reported. */
  readonly call?: CallId | undefined;
}

/** Opens the sources of a session's models, tokenizers and adapters. */
export class ModelSources {
  /** Limits on the files that are read. */
  readonly limits: ParserLimits;
  readonly #host: SessionHost;
  readonly #options: OpenOptions;
  readonly #parts: SourceParts;
  readonly #warned = new Set<string>();
  #sealed = false;

  constructor(host: SessionHost, options: OpenOptions, parts: SourceParts = {}) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.#host = host;
    this.#options = options;
    this.#parts = parts;
  }

  /** Rejects all later requests. A download in progress fails at its next request. */
  seal(): void {
    this.#sealed = true;
  }

  open(call: CallId, source: WireSource, options: LoadOptions, signal: AbortSignal): FileSource {
    const { calls } = this.#parts;
    const { progress, revision, integrity, hasToken, local_files_only = false } = options;
    return openSource(sourceOf(source), {
      ...this.#hub(),
      signal,
      integrity,
      cache: (folder) =>
        this.#cachedFolder(folder, { signal, isLocal: local_files_only }) ?? uncached(folder, local_files_only),
      ...(hasToken && calls && { token: () => calls.token(call, signal) }),
      ...(revision !== undefined && { revision }),
      ...(progress && { progress_callback: this.#reporting(call) }),
    });
  }

  /** Returns the cached folder of a source; undefined if its files are never cached. */
  cached(source: WireSource, options: CacheOptions): CachedFolder | undefined {
    let found: CachedFolder | undefined;
    const { call, signal } = options;
    openSource(sourceOf(source), {
      ...this.#hub(),
      signal,
      ...(call !== undefined && { progress_callback: this.#reporting(call) }),
      cache: (folder) => {
        found = this.#cachedFolder(folder, options);
        return found ?? folder;
      },
    });
    return found;
  }

  #reporting(call: CallId): (info: ProgressInfo) => void {
    return (info) => this.#host.emit({ type: 'progress', call, info });
  }

  #hub(): Pick<OpenOptions, 'remoteHost' | 'remotePathTemplate'> & { readonly fetch: typeof globalThis.fetch } {
    const { remoteHost, remotePathTemplate } = this.#options;
    return {
      fetch: (input, init) => this.#fetch(input, init),
      ...(remoteHost !== undefined && { remoteHost }),
      ...(remotePathTemplate !== undefined && { remotePathTemplate }),
    };
  }

  #cachedFolder(folder: HttpFolder, options: CacheOptions): CachedFolder | undefined {
    const { cache, warn = () => {} } = this.#parts;
    if (cache === undefined || !isCacheable(folder)) return undefined;
    const once: Warn = (warning) => {
      // Warns once per code. Otherwise each file of a model would repeat a warning, for example about a full disk.
      if (!this.#warned.has(warning.code)) warn(warning);
      this.#warned.add(warning.code);
    };
    // A sealed session can't ask whether files have changed, so it uses the cached ones. A run can then recover after its device is lost.
    return new CachedFolder(folder, { store: cache, warn: once, isSealed: () => this.#sealed, ...options });
  }

  /** Checks the seal at each request, because a download may be in progress when the session is sealed. */
  async #fetch(...request: Parameters<typeof globalThis.fetch>): Promise<Response> {
    if (this.#sealed) throw sealed();
    // Called without a receiver, as browsers' `fetch` requires.
    const { fetch = globalThis.fetch } = this.#host;
    return fetch(...request);
  }
}

function sourceOf(source: WireSource): Exclude<WireSource, { readonly url: string }> | URL {
  return typeof source === 'object' && 'url' in source ? new URL(source.url) : source;
}

/** Returns a folder whose files are never cached. Throws `not_found` if only cached files may be used. */
function uncached(folder: HttpFolder, isLocal: boolean): FileSource {
  if (!isLocal) return folder;
  throw new WebVeraError('not_found', `Expected files that are kept of ${folder.location}, but none are kept here`, {
    hint: "Files of addresses with a query, and of sessions that store in memory, aren't cached.",
    detail: { location: folder.location },
  });
}
