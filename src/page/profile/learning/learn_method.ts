import type { TrainOutput } from '../../../core/types/training';
import type { SplitExamples } from '../examples/examples';
import type { ProfileHost } from '../host';
import type { LearnArguments, ProfileSettings, Unfinished, Vectors } from '../storage/record';
import type { LearnRecord } from '../types';
import type { LearnRun } from './learn_run';

/** The profile that a run learns for, and its callbacks. */
export interface LearnContext {
  readonly id: string;
  /** The random id in the profile's state, `ProfileState.born`. */
  readonly born: string;
  readonly host: ProfileHost;
  /** The adapter with the current vectors. */
  readonly adapter: string;
  /** The current vectors. */
  readonly vectors: Vectors;
  readonly settings: ProfileSettings;
  /** Whether the current head was solved for, or was never trained: while no examples are held out, a solved head always replaces it. */
  readonly isSolved: boolean;
  /** Stores how far the run has come. */
  progressed(unfinished: Unfinished): Promise<void>;
  /**
   * Ends the run with an outcome for the history, and with the new vectors if they are better. Resolves with whether
   * they were taken.
   */
  finish(record: LearnRecord, better: Vectors | undefined): Promise<boolean>;
}

export interface LearnTurn {
  readonly run: LearnRun;
  /** Whether the run resumes from a checkpoint. */
  readonly resumes: boolean;
  readonly signal: AbortSignal;
}

/** A copy of a profile's vectors, which a run changes. */
export interface LearningCopy {
  readonly learner: LearnContext;
  /** The copy's adapter. */
  readonly copy: string;
  readonly unfinished: Unfinished;
  readonly turn: LearnTurn;
}

export interface Improvement {
  readonly output: TrainOutput;
  /** `taken`: whether the copy should replace the current vectors. */
  readonly outcome: Omit<LearnRecord, 'at' | 'method'>;
}

/** The arguments and the examples of a run. */
export interface AskedRun extends LearnArguments, SplitExamples {}

/** A way to improve a copy of the vectors, and to judge whether it is better. */
export interface LearnMethodKind {
  /** Throws `invalid_argument` for a base model that can't learn in this way. */
  expectUsable(host: ProfileHost): void;
  /** The steps of its training, if every example is a row of its own; 0 if it trains nothing. */
  steps(asked: AskedRun, host: ProfileHost): number;
  improve(copy: LearningCopy): Promise<Improvement>;
}
