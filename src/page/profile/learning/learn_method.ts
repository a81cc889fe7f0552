import type { TrainOutput } from '../../../core/types/training';
import type { SplitExamples } from '../examples/examples';
import type { ProfileHost } from '../host';
import type { LearnArguments, ProfileState } from '../storage/record';
import type { Unfinished } from '../storage/unfinished_run';
import type { LearnRecord } from '../types';
import type { LearnRun } from './learn_run';
import type { LearningProfile } from './learning_profile';

export interface LearnTurn {
  readonly run: LearnRun;
  /** Whether the run resumes from a checkpoint. */
  readonly resumes: boolean;
  readonly signal: AbortSignal;
}

/** A run, and the copy of the profile's vectors that the run changes. */
export interface LearningCopy {
  readonly profile: Pick<LearningProfile, 'id' | 'host' | 'change'>;
  /** The profile's state when the run began. */
  readonly state: ProfileState;
  /** The name of the adapter with the vectors of that state. */
  readonly adapter: string;
  /** The name of the copy's adapter. */
  readonly copy: string;
  readonly unfinished: Unfinished;
  readonly turn: LearnTurn;
}

export interface Improvement {
  readonly output: TrainOutput;
  /** The field `taken` says whether the copy should replace the current vectors. */
  readonly outcome: Omit<LearnRecord, 'at' | 'method'>;
}

/** The arguments and the examples of a run. */
export interface AskedRun extends LearnArguments, SplitExamples {}

/** A learning method: improves a copy of the vectors, and judges whether the copy is better. */
export interface LearnMethodKind {
  /** Whether an interrupted run continues from a checkpoint, which fits only the examples that the run began with. */
  readonly hasCheckpoints: boolean;
  /** Throws `invalid_argument` if the base model can't learn with this method. */
  expectUsable(host: ProfileHost): void;
  /** Returns the number of training steps, if every example takes one row; 0 if the method trains nothing. */
  steps(asked: AskedRun, host: ProfileHost): number;
  improve(copy: LearningCopy): Promise<Improvement>;
}
