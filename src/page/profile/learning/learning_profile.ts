import type { LargePart } from '../../../worker/protocol';
import type { Release } from '../../rpc/store_locks';
import type { ProfileData } from '../feedback/feedback';
import type { ProfileHost } from '../host';
import type { ProfileChange, ProfileStorage, StoredProfile } from '../storage/profile_storage';
import type { ProfileState, Vectors } from '../storage/record';

/** The profile that the runs belong to. */
export interface LearningProfile {
  readonly id: string;
  readonly host: ProfileHost;
  readonly storage: ProfileStorage;
  /** Aborts when the profile is closed or forgotten. */
  readonly life: AbortSignal;
  readonly state: ProfileState;
  /** The name of the profile's adapter in the model. */
  readonly adapter: string;
  readonly isOpen: boolean;
  /** Whether the profile was closed because it was forgotten, that is deleted. */
  readonly isForgotten: boolean;
  expectOpen(): void;
  /** Reads the stored profile. Resolves with undefined if the profile was forgotten meanwhile. */
  read<Part extends LargePart = never>(...parts: readonly Part[]): Promise<StoredProfile<Part> | undefined>;
  data(stored: StoredProfile<keyof ProfileData>): ProfileData;
  /** Changes the stored profile. If storing fails, nothing has changed. */
  change<Part extends LargePart = never>(body: ProfileChange<Part>, ...parts: readonly Part[]): Promise<void>;
  /** As `change`, and also replaces the vectors. */
  exchange(vectors: Vectors, body: ProfileChange): Promise<void>;
  takeToLearn(): Promise<Release>;
}
