import type { StoredCheckpoint } from '../../../store/checkpoint_store';

/** Identifies a checkpoint of a run: one of two storage slots, its sequence number, and the id of the training that saved it. */
export type CheckpointPlace = Pick<StoredCheckpoint, 'slot' | 'seq' | 'training'>;

/** Returns the place of the next checkpoint: it uses the other slot, and the sequence number after `seq`. */
export function after(place: CheckpointPlace, seq: number): CheckpointPlace {
  return { ...inOtherSlot(place), seq: seq + 1 };
}

export function inOtherSlot({ slot, seq, training }: CheckpointPlace): CheckpointPlace {
  return { slot: slot === 0 ? 1 : 0, seq, training };
}

/** Returns the place of a new training's first checkpoint. It doesn't overwrite the last checkpoint of the previous training. */
export function anew([last]: readonly StoredCheckpoint[]): CheckpointPlace {
  const training = crypto.randomUUID();
  return last === undefined ? { slot: 0, seq: 0, training } : { ...after(last, last.seq), training };
}
