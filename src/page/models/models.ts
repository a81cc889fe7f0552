import { WebVeraError } from '../../core/errors/error';
import type { ModelSource } from '../../core/types/source';
import { callOn, linkOf } from '../session/default_session';
import { checkOptions } from '../session/options';
import { anyFunction } from '../session/rules';
import { type CallOptions, callRules } from '../session/session';
import { type PretrainedOptions, wireSource } from './source_options';

/** The files of a model in this browser's storage. */
export interface CachedModel {
  /** The repository's name on the hub, or the folder's address elsewhere. */
  readonly name: string;
  /** The hash of the commit on the hub; '' for a folder elsewhere. */
  readonly revision: string;
  /** The total size of the model's cached files, in bytes. */
  readonly bytes: number;
  /**
   * 'partial' after an interrupted download, which the next load resumes; 'corrupt' if a file was found damaged, and the next load
   * downloads it again; else 'verified'.
   */
  readonly state: 'partial' | 'verified' | 'corrupt';
}

/** The options of `models.verify`. */
export type VerifyOptions = CallOptions & Pick<PretrainedOptions, 'progress_callback'>;

/**
 * The models whose files are cached in this browser, so that a later load makes no request. For a branch of the hub, later loads use the
 * commit of the first load: to get a newer commit, call `clear_cache` and load again, or pass a `revision`. All methods reject with
 * `storage_unavailable` if the browser's storage fails. In a session that stores in memory, they find no models.
 */
export const models: {
  list(options?: CallOptions): Promise<readonly CachedModel[]>;
  /**
   * Whether all files that a load of a model reads are completely cached: weights, configuration, and the files of its tokenizer or image
   * processor. If true, `local_files_only: true` loads the same model as before.
   */
  is_cached(source: ModelSource, options?: CallOptions): Promise<boolean>;
  /**
   * Reads the cached files of a model, and compares them with their hashes. Resolves with 'ok'; 'repaired' if damaged files were downloaded
   * again; or 'corrupt' if that download failed and the files were only marked. `progress_callback` receives the progress with the status
   * 'verify'. Rejects with `not_found` if no file is cached.
   */
  verify(source: ModelSource, options?: VerifyOptions): Promise<'ok' | 'repaired' | 'corrupt'>;
  /**
   * Deletes the cached files of a model: all of its revisions, unless the source names one. A loaded model stays loaded. Rejects with
   * `locked_by_other_tab` if a file is being downloaded, here or in another tab; all other files are deleted nevertheless.
   */
  clear_cache(source: ModelSource, options?: CallOptions): Promise<void>;
} = {
  async list(options = {}) {
    return callOn('models.list', options, (link) => link.request('listCached'));
  },
  async is_cached(source, options = {}) {
    const from = wireSource(source);
    return callOn('models.is_cached', options, (link) => link.request('isCached', from));
  },
  async verify(source, options = {}) {
    const from = wireSource(source);
    checkOptions('models.verify', options, { ...callRules, progress_callback: anyFunction });
    const link = await linkOf(options);
    const progress = options.progress_callback !== undefined;
    const found = await link.call((call) => link.request('verifyCached', call, from, { progress }), options);
    if (found !== 'none') return found;
    throw new WebVeraError('not_found', 'models.verify: expected a model that is kept on this device, but nothing is', {
      hint: 'models.list() tells what is kept.',
    });
  },
  async clear_cache(source, options = {}) {
    const from = wireSource(source);
    return callOn('models.clear_cache', options, (link) => link.request('clearCached', from));
  },
};
