import type { AdapterFiles } from '../../core/model';
import type { TabLocks } from '../../core/tab_locks';
import type { Warn } from '../../core/warning';
import { ADAPTERS } from '../../store/adapter_store';
import type { BlobStore } from '../../store/blob_store';
import { CHECKPOINTS, CheckpointStore, type KeptRun } from '../../store/checkpoint_store';
import { PROFILES, ProfileStore } from '../../store/profile_store';
import { baseIdentity } from '../models/base_identity';
import type { SessionModels } from '../models/session_models';
import type { StoredAdapter } from '../protocol';
import type { ListedProfile, ProfileParts, StorageCalls } from '../protocol_storage';
import { toBytes, toFiles } from './adapter_files';
import { AdapterShelf } from './adapter_shelf';
import { known } from './store_failures';

/** What a session does with what is stored on this device. */
export class SessionStorage implements StorageCalls {
  readonly adapters: AdapterShelf;
  readonly checkpoints: CheckpointStore;
  readonly #store: BlobStore;
  readonly #profiles: ProfileStore;
  readonly #models: SessionModels;

  constructor(store: BlobStore, models: SessionModels, locks: TabLocks, warn: Warn) {
    this.#store = store;
    this.adapters = new AdapterShelf(store, warn);
    this.checkpoints = new CheckpointStore(store, locks);
    this.#profiles = new ProfileStore(store);
    this.#models = models;
  }

  listStored(): Promise<readonly StoredAdapter[]> {
    return this.adapters.list();
  }

  async getStored(id: string): Promise<AdapterFiles | undefined> {
    const bytes = await this.adapters.get(id);
    return bytes === undefined ? undefined : toFiles(bytes);
  }

  async importStored(files: AdapterFiles, id: string): Promise<StoredAdapter> {
    return this.adapters.set(id, await toBytes(files, this.#models.limits));
  }

  deleteStored(id: string): Promise<void> {
    return this.adapters.delete(id);
  }

  async wipeStored(): Promise<void> {
    const keys = await known(this.#store.keys());
    const ours = keys.filter((key) => [ADAPTERS, PROFILES, CHECKPOINTS].some((prefix) => key.startsWith(prefix)));
    await known(this.#store.deleteMany(ours));
  }

  listRuns(): Promise<readonly KeptRun[]> {
    return known(this.checkpoints.list());
  }

  deleteRun(name: string): Promise<void> {
    return known(this.checkpoints.delete(name));
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async identifyBase(handle: number): Promise<string> {
    const model = this.#models.base(handle);
    return model.jobs.run('identify', undefined, () => baseIdentity(model));
  }

  listProfiles(): Promise<readonly ListedProfile[]> {
    return known(this.#profiles.states());
  }

  readProfile(id: string): Promise<ProfileParts | undefined> {
    return known(this.#profiles.get(id));
  }

  writeProfile(id: string, parts: Partial<ProfileParts>): Promise<void> {
    return known(this.#profiles.set(id, parts));
  }

  deleteProfile(id: string): Promise<void> {
    return known(this.#profiles.delete(id));
  }

  deleteCheckpoints(adapter: string): Promise<number> {
    return known(this.checkpoints.deleteOf(adapter));
  }
}
