import { WebVeraError } from '../../core/errors/error';
import type { ModelSource } from '../../core/types/source';
import { loadCall } from '../rpc/loading';
import { linkOf } from '../session/default_session';
import { anyFunction, checkOptions } from '../session/options';
import { type CallOptions, callRules } from '../session/session';
import { type PretrainedOptions, wireSource } from './source';

/** What is kept on this device of a model. */
export interface CachedModel {
  /** As on the hub; of other places the folder's address. */
  readonly name: string;
  /** The commit on the hub; '' for an address. */
  readonly revision: string;
  /** Of all its files, as far as they are here. */
  readonly bytes: number;
  /**
   * 'partial' where a download was broken off, which the next load goes on with; 'corrupt' where a file was found to be damaged,
   * which the next load downloads again.
   */
  readonly state: 'partial' | 'verified' | 'corrupt';
}

/** What `models.verify` takes. */
export type VerifyOptions = CallOptions & Pick<PretrainedOptions, 'progress_callback'>;

/**
 * The models whose files are kept in this browser, so that a later load makes no request. A branch of the hub stays the commit that
 * it was when it was first loaded: `clear_cache` and another load, or a `revision`, get a newer one. All reject with
 * `storage_unavailable` where the browser fails, and know of nothing in a session that stores in memory.
 */
export const models: {
  list(options?: CallOptions): Promise<readonly CachedModel[]>;
  /**
   * Whether all that a load of a model reads is here whole: weights, configuration, and the files of its tokenizer or image processor.
   * True promises that `local_files_only: true` loads what was loaded before.
   */
  is_cached(source: ModelSource, options?: CallOptions): Promise<boolean>;
  /**
   * Reads all that is kept of a model, and compares it with its hashes. What is damaged is downloaded again: 'repaired'; or marked,
   * where it can't be: 'corrupt'. `progress_callback` hears how far it is, as 'verify'. Rejects with `not_found` where nothing is kept.
   */
  verify(source: ModelSource, options?: VerifyOptions): Promise<'ok' | 'repaired' | 'corrupt'>;
  /**
   * Deletes what is kept of a model: all of its revisions, unless the source names one. One that is loaded stays so. Rejects with
   * `locked_by_other_tab` where a file is just being downloaded, here or in another tab, after all others were deleted.
   */
  clear_cache(source: ModelSource, options?: CallOptions): Promise<void>;
} = {
  async list(options = {}) {
    const link = await open('models.list', options);
    return link.call(() => link.request('listCached'), options);
  },
  async is_cached(source, options = {}) {
    const from = wireSource(source);
    const link = await open('models.is_cached', options);
    return link.call(() => link.request('isCached', from), options);
  },
  async verify(source, options = {}) {
    const from = wireSource(source);
    checkOptions('models.verify', options, { ...callRules, progress_callback: anyFunction });
    const link = await linkOf(options);
    const progress = options.progress_callback !== undefined;
    const found = await loadCall(link, options, (call) => link.request('verifyCached', call, from, { progress }));
    if (found !== 'none') return found;
    throw new WebVeraError('not_found', 'models.verify: expected a model that is kept on this device, but nothing is', {
      hint: 'models.list() tells what is kept.',
    });
  },
  async clear_cache(source, options = {}) {
    const from = wireSource(source);
    const link = await open('models.clear_cache', options);
    return link.call(() => link.request('clearCached', from), options);
  },
};

function open(what: string, options: CallOptions): ReturnType<typeof linkOf> {
  checkOptions(what, options, callRules);
  return linkOf(options);
}
