import type { ReadProgress, RunEvent, RunProgress } from '../../core/types/run';
import type { BatchShape } from '../../tasks/task/task_batches';
import type { Checkpoints, TrainingInit } from '../training_init';
import type { LaneData } from './lane';

/** The data of a run in which several adapters train. */
export interface JointData {
  /** The data of each adapter, in the order of the adapters. */
  readonly lanes: readonly LaneData[];
  /** The shape of the largest batches. */
  readonly largest: BatchShape;
  readonly checkpoints: Checkpoints;
}

export interface JointInit
  extends Pick<
    TrainingInit,
    'runner' | 'loaded' | 'task' | 'overlay' | 'adapters' | 'args' | 'signal' | 'resumes' | 'warn' | 'heard'
  > {
  /** Reads the data and reports progress. Rejects with the signal's reason when the run is aborted or stopped meanwhile. */
  prepare(signal: AbortSignal, onRead: (read: ReadProgress) => void): Promise<JointData>;
  /** `adapter`: the name of the adapter that the event is about; undefined if it is about all adapters. */
  emit(event: RunEvent, progress: RunProgress, adapter?: string): void;
}
