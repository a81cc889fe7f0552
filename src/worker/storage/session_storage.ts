import type { AdapterFiles } from '../../core/types/model';
import type { ParserLimits } from '../../core/types/source';
import { ADAPTERS } from '../../store/adapter_store';
import { type BlobStore, isPersistent } from '../../store/blob_store';
import { CHECKPOINTS, type CheckpointStore } from '../../store/checkpoint_store';
import { PROFILES, ProfileStore } from '../../store/profile_store';
import { toBytes, toFiles } from './adapter_files';
import type { SavedAdapters } from './saved_adapters';
import type { KeptRun, ListedProfile, ProfileParts, StorageCalls, StoredAdapter } from './storage_protocol';
import { known } from './store_failures';

/** Answers a session's calls about saved adapters, runs and profiles. */
export class SessionStorage implements StorageCalls {
  readonly #store: BlobStore;
  readonly #adapters: SavedAdapters;
  readonly #checkpoints: CheckpointStore;
  readonly #profiles: ProfileStore;
  readonly #limits: ParserLimits;

  constructor(store: BlobStore, adapters: SavedAdapters, checkpoints: CheckpointStore, limits: ParserLimits) {
    this.#store = store;
    this.#adapters = adapters;
    this.#checkpoints = checkpoints;
    this.#profiles = new ProfileStore(store);
    this.#limits = limits;
  }

  isStorePersistent(): Promise<boolean> {
    return known(isPersistent(this.#store));
  }

  listStored(): Promise<readonly StoredAdapter[]> {
    return this.#adapters.list();
  }

  async getStored(id: string): Promise<AdapterFiles | undefined> {
    const bytes = await this.#adapters.get(id);
    return bytes === undefined ? undefined : toFiles(bytes);
  }

  async importStored(files: AdapterFiles, id: string): Promise<StoredAdapter> {
    return this.#adapters.set(id, await toBytes(files, this.#limits));
  }

  deleteStored(id: string): Promise<void> {
    return this.#adapters.delete(id);
  }

  async wipeStored(): Promise<void> {
    const keys = await known(this.#store.keys());
    const ours = keys.filter((key) => [ADAPTERS, PROFILES, CHECKPOINTS].some((prefix) => key.startsWith(prefix)));
    await known(this.#store.deleteMany(ours));
  }

  listRuns(): Promise<readonly KeptRun[]> {
    return known(this.#checkpoints.list());
  }

  deleteRun(name: string): Promise<void> {
    return known(this.#checkpoints.delete(name));
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
    return known(this.#checkpoints.deleteOf(adapter));
  }
}
