import type { AdapterConfigFields } from '../../adapters/config/adapter_config';
import type { AdapterFiles } from '../../core/types/model';
import type { KeptRun } from '../../store/checkpoint_store';
import type { ProfileParts } from '../../store/profile_store';

export type { KeptRun } from '../../store/checkpoint_store';
export type { ProfileParts } from '../../store/profile_store';

/** The calls about what is stored on this device. */
export interface StorageCalls {
  /** Whether what is stored outlives the page, and other tabs see it: not in memory, or where memory took the database's place. */
  keepsStored(): Promise<boolean>;
  listStored(): Promise<readonly StoredAdapter[]>;
  getStored(id: string): Promise<AdapterFiles | undefined>;
  /** Checks the files, then stores them. An adapter of that id is replaced, with a warning where another tab changed it. */
  importStored(files: AdapterFiles, id: string): Promise<StoredAdapter>;
  /** An unknown id is ignored. */
  deleteStored(id: string): Promise<void>;
  /** All adapters and profiles, and the checkpoints of all runs. */
  wipeStored(): Promise<void>;
  /** What is kept of runs, in the order of their names. */
  listRuns(): Promise<readonly KeptRun[]>;
  /** An unknown name is ignored. */
  deleteRun(name: string): Promise<void>;

  // ── profiles: the page alone knows what is in their parts ──
  listProfiles(): Promise<readonly ListedProfile[]>;
  readProfile(id: string): Promise<ProfileParts | undefined>;
  /** All given parts or none of them; others stay as they are. */
  writeProfile(id: string, parts: Partial<ProfileParts>): Promise<void>;
  /** An unknown id is ignored. */
  deleteProfile(id: string): Promise<void>;
  /** Of all runs that train an adapter of that name. Gives the bytes that they took. */
  deleteCheckpoints(adapter: string): Promise<number>;
}

export interface StoredAdapter {
  readonly id: string;
  /** Of both files together. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly created_at: number;
  readonly base_model: string | null;
  readonly config: AdapterConfigFields;
}

export interface ListedProfile {
  readonly id: string;
  readonly state: unknown;
}
