import type { StorageRef } from './pickle_machine';

/** The hint for a file that can't be read. */
export const SAVE_AGAIN = 'Save the model by save_pretrained(…, safe_serialization=True).';

/** The order of a file's parts around the pickle of its state dict. The methods are called in the order below. */
export interface TorchLayout {
  /** Reads the file up to the pickle. */
  begin(): Promise<void>;
  /** Reads what belongs to the pickle after its `bytes` bytes. */
  endPickle(bytes: number): Promise<void>;
  /** Reads up to the next of these storages, which have their keys, and returns its key; undefined if no storage is left. */
  next(left: ReadonlyMap<string, { readonly storage: StorageRef }>): Promise<string | undefined>;
  /** Reads what belongs to a storage after its `bytes` bytes. */
  end(bytes: number): Promise<void>;
}
