import type { DeviceCheck } from '../library/device';
import type { LoadProgress } from '../library/load_meter';
import type { Trouble } from '../library/sessions';
import type { TrainingPhase } from '../run/training';
import { type ClassSet, missingIn } from './class_set';
import type { Kind } from './kind';
import type { Learnt } from './learnt';

/** The data that a page stores between visits. */
export interface Kept<Content> {
  readonly set: ClassSet<Content>;
  readonly learnt: Learnt | undefined;
  /** Whether the samples changed since it learnt last. */
  readonly isStale: boolean;
}

export interface ClassesState<Content> extends Kept<Content> {
  /** undefined until it is known. */
  readonly device: DeviceCheck | undefined;
  /** The progress of a model that is loading. */
  readonly loading: LoadProgress | undefined;
  readonly phase: TrainingPhase;
  readonly trouble: Trouble | undefined;
  /** The model learns from the samples. */
  readonly learning: boolean;
  /** A short action is running, such as reading files. */
  readonly busy: boolean;
}

/** Whether samples and classes may change now. */
export function canChange({ phase, busy }: Pick<ClassesState<unknown>, 'phase' | 'busy'>): boolean {
  return phase === 'idle' && !busy;
}

export function canLearn<Content>(state: ClassesState<Content>, kind: Kind<Content>): boolean {
  return canChange(state) && state.device?.usable === true && missingIn(state.set, kind.things) === '';
}
