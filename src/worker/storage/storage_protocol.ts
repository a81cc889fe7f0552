import type { AdapterConfigFields } from '../../adapters/config/adapter_config';
import type { AdapterFiles } from '../../core/types/model';
import type { KeptRun } from '../../store/checkpoint_store';
import type { LargePart, ListedProfile, ReadParts, WrittenParts } from '../../store/profile_store';

export type { KeptRun } from '../../store/checkpoint_store';
export type { LargePart, ListedProfile, ReadParts, WrittenParts } from '../../store/profile_store';

/** The calls about saved adapters, runs and profiles. */
export interface StorageCalls {
  /**
   * Whether the store outlives the page and is shared with other tabs. False for a store in memory, or if the browser refused the database.
   */
  isStorePersistent(): Promise<boolean>;
  listStored(): Promise<readonly StoredAdapter[]>;
  getStored(id: string): Promise<AdapterFiles | undefined>;
  /** Checks the files, then stores them. Replaces an adapter with that id, with a warning if another tab changed it. */
  importStored(files: WireAdapterFiles, id: string): Promise<StoredAdapter>;
  /** Renames an adapter. Rejects with `not_found` for an unknown id, and with `invalid_argument` if another adapter has the id `to`. */
  renameStored(id: string, to: string): Promise<void>;
  /** Deletes a saved adapter. Ignores an unknown id. */
  deleteStored(id: string): Promise<void>;
  /** Deletes all adapters and profiles, and the checkpoints of all runs. */
  wipeStored(): Promise<void>;
  /** Resolves with the runs that have checkpoints, sorted by name. */
  listRuns(): Promise<readonly KeptRun[]>;
  /** Deletes the checkpoints of a run. Ignores an unknown name. */
  deleteRun(name: string): Promise<void>;

  // ── profiles: the page defines the content of their parts ──
  listProfiles(): Promise<readonly ListedProfile[]>;
  /** Resolves with the state and the given large parts. */
  readProfile(id: string, parts: readonly LargePart[]): Promise<ReadParts | undefined>;
  /**
   * Stores all given parts of a profile or none. Its other parts stay unchanged. If `born` is given and the stored profile doesn't have
   * this random id, stores nothing and resolves with false.
   */
  writeProfile(id: string, parts: WrittenParts, born?: string): Promise<boolean>;
  /** Deletes a profile; ignores an unknown id. Resolves with the size in bytes of the profile's deleted features. */
  deleteProfile(id: string): Promise<number>;
  /** Deletes the checkpoints of all runs that train an adapter of that name. Resolves with their size in bytes. */
  deleteCheckpoints(adapter: string): Promise<number>;
}

/** An adapter's two files. PEFT before release 0.7 wrote adapter_model.bin in place of adapter_model.safetensors. */
export type WireAdapterFiles =
  | AdapterFiles
  | { readonly 'adapter_config.json': Blob; readonly 'adapter_model.bin': Blob };

export interface StoredAdapter {
  readonly id: string;
  /** The size of the adapter's two files together, in bytes. */
  readonly bytes: number;
  /** The time at which the adapter was stored, in milliseconds since 1 January 1970. */
  readonly created_at: number;
  readonly base_model: string | null;
  readonly config: AdapterConfigFields;
}
