import type { StoredCheckpoint } from '../../../store/checkpoint_store';

/** The place of a checkpoint among those of its run. */
export type CheckpointPlace = Pick<StoredCheckpoint, 'slot' | 'seq' | 'training'>;

/** The place of the checkpoint that follows one at a place, with a number above `seq`. */
export function after({ slot, training }: CheckpointPlace, seq: number): CheckpointPlace {
  return { slot: slot === 0 ? 1 : 0, seq: seq + 1, training };
}

/** A new training doesn't overwrite the last checkpoint of the previous training until it has saved one itself. */
export function anew([last]: readonly StoredCheckpoint[]): CheckpointPlace {
  const training = crypto.randomUUID();
  return last === undefined ? { slot: 0, seq: 0, training } : { ...after(last, last.seq), training };
}
