import { TabLocks } from '../../src/core/locks/tab_locks';
import type { BlobStore } from '../../src/store/blob_store';
import { CheckpointStore, type StoredCheckpoint } from '../../src/store/checkpoint_store';

/** Returns the `seq`th checkpoint of a run. A run's checkpoints use two slots in turn. */
export function nth(seq: number, training = 'first'): StoredCheckpoint {
  const bytes = new Uint8Array(40).fill(seq);
  return { slot: seq % 2 === 0 ? 0 : 1, seq, training, adapters: ['default'], step: 10 + seq, ended: false, bytes };
}

/** Returns the checkpoint store of one tab. By default, no other tab's locks are visible. */
export const tab = (store: BlobStore, locks = new TabLocks(undefined, '')) => new CheckpointStore(store, locks);
