import type { ParserLimits } from '../../core/types/source';
import { ADAPTERS } from '../../store/adapter_store';
import { type BlobStore, isPersistent } from '../../store/blob_store';
import { CHECKPOINTS, type CheckpointStore } from '../../store/checkpoint_store';
import { PROFILES, type ProfileStore } from '../../store/profile_store';
import type { Answers } from '../protocol';
import { toBytes, toFiles } from './adapter_files';
import type { SavedAdapters } from './saved_adapters';
import type { StorageCalls } from './storage_protocol';
import { known } from './store_failures';

/** The fields of a session that the calls about storage use. */
export interface StorageRoom {
  readonly store: BlobStore;
  readonly saved: SavedAdapters;
  readonly checkpointStore: CheckpointStore;
  readonly profiles: ProfileStore;
  readonly limits: ParserLimits;
}

export const storageCalls: Answers<StorageCalls, StorageRoom> = {
  isStorePersistent() {
    return known(isPersistent(this.store));
  },

  listStored() {
    return this.saved.list();
  },

  async getStored(id) {
    const bytes = await this.saved.get(id);
    return bytes && toFiles(bytes);
  },

  async importStored(files, id) {
    return this.saved.set(id, await toBytes(files, this.limits));
  },

  renameStored(id, to) {
    return this.saved.rename(id, to);
  },

  deleteStored(id) {
    return this.saved.delete(id);
  },

  async wipeStored() {
    const keys = await known(this.store.keys());
    const ours = keys.filter((key) => [ADAPTERS, PROFILES, CHECKPOINTS].some((prefix) => key.startsWith(prefix)));
    await known(this.store.deleteMany(ours));
  },

  listRuns() {
    return known(this.checkpointStore.list());
  },

  deleteRun(name) {
    return known(this.checkpointStore.delete(name));
  },

  listProfiles() {
    return known(this.profiles.list());
  },

  readProfile(id, parts) {
    return known(this.profiles.get(id, parts));
  },

  writeProfile(id, parts, born) {
    return known(this.profiles.set(id, parts, born));
  },

  deleteProfile(id) {
    return known(this.profiles.delete(id));
  },

  deleteCheckpoints(adapter) {
    return known(this.checkpointStore.deleteOf(adapter));
  },
};
