import type { StorageRef } from './pickle_machine';

/** The hint for a file that can't be read. */
export const SAVE_AGAIN = 'Save the model by save_pretrained(…, safe_serialization=True).';

/** The order of a file's parts around the pickle of its state dict. The methods are called in the order below. */
export interface TorchLayout {
  /** Reads the file up to the pickle. */
  begin(): Promise<void>;
  /** Reads the data between the pickle and the first storage. `bytes`: the pickle's size. */
  endPickle(bytes: number): Promise<void>;
  /** Reads up to the next storage, and returns its key; undefined if no storage is left. `left`: the unread storages, by key. */
  next(left: ReadonlyMap<string, { readonly storage: StorageRef }>): Promise<string | undefined>;
  /** Reads the data that follow a storage and belong to it, such as a zip entry's checksum. `bytes`: the storage's size. */
  end(bytes: number): Promise<void>;
}
