import { untilAborted } from '../../core/async/abort';
import type { Files } from '../../core/input/named_files';
import type { AdapterFiles } from '../../core/types/model';
import type { StoredAdapter } from '../../worker/protocol';
import { wireAdapterFiles } from '../models/source_options';
import { notifyTabs } from '../profile/storage/channel';
import { callOn } from '../session/default_session';
import { checkOptions, wrong } from '../session/options';
import { persist } from '../session/persist';
import { anyString } from '../session/rules';
import { type CallOptions, callRules, linkKey } from '../session/session';
import { type AnyAdapterConfig, configOf } from './page_kinds';

/** An adapter stored on this device. */
export interface AdapterInfo {
  readonly id: string;
  /** The total size of adapter_config.json and adapter_model.safetensors in bytes. */
  readonly bytes: number;
  /** When the adapter was stored, in milliseconds since 1970. */
  readonly created_at: number;
  readonly base_model: string | null;
  readonly config: AnyAdapterConfig;
}

/** The adapters stored in this browser. All methods reject with `storage_unavailable` if the browser's storage fails. */
export const adapters: {
  /** Resolves with all stored adapters, sorted by id. A warning `storage_corrupt` reports a damaged adapter. */
  list(options?: CallOptions): Promise<readonly AdapterInfo[]>;
  /**
   * Resolves with the files of an adapter, or with undefined for an unknown id. Rejects with `storage_corrupt` if the files are damaged.
   */
  get(id: string, options?: CallOptions): Promise<AdapterFiles | undefined>;
  /**
   * Stores PEFT's two files under an id, and replaces an earlier adapter of that id, with the warning `overwritten` as in
   * `save_pretrained`. An adapter_model.bin is stored as adapter_model.safetensors. Ignores other files. Rejects with `invalid_argument` if
   * one of the two is missing, and with `invalid_format` for files of another format.
   */
  import(files: Files, id: string, options?: CallOptions): Promise<AdapterInfo>;
  /**
   * Changes an adapter's id. Its files and its `created_at` stay the same. Does nothing if both ids are the same. Rejects with `not_found`
   * for an unknown id, and with `invalid_argument` if another adapter already has the id `to`.
   */
  rename(id: string, to: string, options?: CallOptions): Promise<void>;
  /** Deletes an adapter. Does nothing for an unknown id. */
  delete(id: string, options?: CallOptions): Promise<void>;
  /**
   * Asks the browser not to delete this origin's stored data when space runs out. A session calls this automatically when it first stores
   * data. Resolves with the browser's answer; false for a session that stores in memory. Some browsers prompt the visitor, so it is best to
   * call this from a click handler. Workers can't request persistence: there, it resolves with whether the storage is already persistent.
   */
  persist(options?: CallOptions): Promise<boolean>;
  /**
   * Deletes everything that was trained in this browser: all adapters, all profiles (in all tabs), and the checkpoints of all runs. Stops
   * the runs of profiles; other runs continue.
   */
  wipe(options?: CallOptions): Promise<void>;
} = {
  async list(options = {}) {
    return (await callOn('adapters.list', options, (link) => link.request('listStored'))).map(toInfo);
  },
  async get(id, options = {}) {
    checkId(id);
    return callOn('adapters.get', options, (link) => link.request('getStored', id));
  },
  async import(files, id, options = {}) {
    checkId(id);
    const wire = wireAdapterFiles(files);
    return toInfo(await callOn('adapters.import', options, (link) => link.request('importStored', wire, id)));
  },
  async rename(id, to, options = {}) {
    checkId(id);
    checkId(to, 'to');
    return callOn('adapters.rename', options, (link) => link.request('renameStored', id, to));
  },
  async delete(id, options = {}) {
    checkId(id);
    return callOn('adapters.delete', options, (link) => link.request('deleteStored', id));
  },
  async persist(options = {}) {
    checkOptions('adapters.persist', options, callRules);
    options.signal?.throwIfAborted();
    if (options.session?.[linkKey].isMemoryOnly) return false;
    return untilAborted(persist(), options.signal);
  },
  async wipe(options = {}) {
    // The worker doesn't cancel a wipe, so this callback notifies the other tabs even if the signal aborts meanwhile and the call rejects.
    await callOn('adapters.wipe', options, async (link) => {
      await link.request('wipeStored');
      notifyTabs('');
    });
  },
};

function toInfo({ id, bytes, created_at, base_model, config }: StoredAdapter): AdapterInfo {
  return { id, bytes, created_at, base_model, config: configOf(config) };
}

function checkId(id: string, name = 'id'): void {
  if (!anyString.accepts(id)) throw wrong(name, anyString.expected, id);
}
