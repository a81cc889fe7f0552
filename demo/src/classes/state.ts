import type { DeviceCheck } from '../library/device';
import type { LoadProgress } from '../library/load_meter';
import type { Trouble } from '../library/sessions';
import { type ClassSet, emptySet, missingIn } from './class_set';
import type { Kind } from './kind';
import type { Learnt } from './learnt';

/** The data that a page stores between visits. */
export interface Kept<Content> {
  readonly set: ClassSet<Content>;
  readonly learnt: Learnt | undefined;
  /** Whether the samples changed since the model last learnt. */
  readonly isStale: boolean;
  /** Whether a refinement with these samples has ended. */
  readonly isRefined: boolean;
}

/** The contents of a new page. */
export function beginning<Content>(): Kept<Content> {
  return { set: emptySet(['Class 1', 'Class 2']), learnt: undefined, isStale: true, isRefined: false };
}

/** A refinement in progress. */
export interface Refining {
  /** 'waiting': the run waits until the visitor is idle. */
  readonly stage: 'waiting' | 'preparing' | 'running' | 'measuring';
  readonly step: number;
  /** The number of steps of the run; 0 until it is known. */
  readonly steps: number;
}

export interface ClassesState<Content> extends Kept<Content> {
  /** The result of the device check; undefined until the check ends. */
  readonly device: DeviceCheck | undefined;
  /** The progress of a model that is loading. */
  readonly loading: LoadProgress | undefined;
  readonly trouble: Trouble | undefined;
  /** The model is learning from the samples now. */
  readonly learning: boolean;
  /** The model could not learn from the samples when it last tried. */
  readonly learnFailed: boolean;
  readonly refining: Refining | undefined;
  /** Whether the model is also refined in idle time, without a request by the visitor. */
  readonly refinesInIdleTime: boolean;
  /** The outcome of the last refinement in words; '' before there was one. */
  readonly outcome: string;
  /** The browser did not store the last change. */
  readonly storingFailed: boolean;
  /** A short action is running, such as reading files. */
  readonly busy: boolean;
}

/** Whether samples and classes may change now. */
export function canChange({ busy }: Pick<ClassesState<unknown>, 'busy'>): boolean {
  return !busy;
}

export function canLearn<Content>(state: ClassesState<Content>, kind: Kind<Content>): boolean {
  return canChange(state) && state.device?.usable === true && missingIn(state.set, kind.things) === '';
}

/** Whether the head is solved for, so that a refinement by training can begin. */
export function canRefine<Content>(state: ClassesState<Content>, kind: Kind<Content>): boolean {
  const isSolved = state.learnt !== undefined && !state.isStale && !state.learning;
  return isSolved && state.refining === undefined && canLearn(state, kind);
}
