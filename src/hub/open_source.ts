import { type Clock, systemClock } from '../core/async/clock';
import { WebVeraError } from '../core/errors/error';
import type { FileSource } from '../core/input/file_source';
import type { Integrity } from '../core/input/integrity';
import type { FolderSource, ProgressInfo } from '../core/types/source';
import { type HubOptions, type RemoteSource, resolveAddress } from './address';
import { blobFolder } from './blobs';
import { HttpFolder } from './http';
import { Progress } from './progress';

export interface OpenSourceOptions extends HubOptions {
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** If it is aborted, all requests and reads in progress are rejected with its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly progress_callback?: ((info: ProgressInfo) => void) | undefined;
  /** How downloaded files are verified. Default: 'hub'. */
  readonly integrity?: Integrity | undefined;
  /** Called when the hub requires authorization. */
  readonly token?: (() => Promise<string>) | undefined;
  /** Wraps the folder to cache downloads, if caching is allowed. */
  readonly cache?: ((folder: HttpFolder) => FileSource) | undefined;
  /** Returns the time in milliseconds, to compute the speed that `progress_total` reports. */
  readonly now?: () => number;
  /** The clock for the waits before retries and for timeouts. Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Returns a number from 0 to below 1, which varies the wait before a retry. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Opens the folder of a model's files for reading. Makes no request. Throws `invalid_argument`. */
export function openSource(source: FolderSource, options: OpenSourceOptions = {}): FileSource {
  const { signal, progress_callback, now } = options;
  if (isFiles(source)) {
    const name = 'files';
    return blobFolder(name, source.files, { signal, progress: new Progress({ name, progress_callback, now }) });
  }
  const address = resolveAddress(expectRemote(source), options);
  const progress = new Progress({ name: address.name, progress_callback, now });
  const { fetch = globalThis.fetch, clock = systemClock, random = Math.random, integrity = 'hub', token } = options;
  const folder = new HttpFolder(address, { fetch, signal, progress, clock, random, integrity, token });
  return options.cache?.(folder) ?? folder;
}

function isFiles(source: FolderSource): source is { readonly files: ReadonlyMap<string, Blob> } {
  return typeof source === 'object' && source !== null && 'files' in source && source.files instanceof Map;
}

function expectRemote(source: Exclude<FolderSource, { readonly files: ReadonlyMap<string, Blob> }>): RemoteSource {
  if (typeof source === 'string' || source instanceof URL) return source;
  if (typeof source === 'object' && source !== null && 'repo' in source) return source;
  const message = 'Expected a repository, a URL, { repo } or { files }, got something else';
  throw new WebVeraError('invalid_argument', message, {
    hint: "For example 'HuggingFaceTB/SmolLM2-135M', or './models/mine/'.",
  });
}
