import type { Fields } from '../../../core/input/fields';
import { exampleFields } from '../../../core/types/example';
import type { SentExample } from '../../../core/types/training';
import type { SplitExamples } from '../examples/examples';
import type { LearnMethod, LearnPhase } from '../types';
import { readMethod, readPhase } from './learn_record';
import { type LearnArguments, readPart, readVectors, type Vectors } from './record';
import { count, fieldsOf, list, places, plain } from './record_fields';

/** The progress of an unfinished run with the method 'train'. */
export interface LearnProgress {
  /**
   * All phases in their order. Until the run has ended, `loss_after` equals `loss_before`, and `accuracy_after` equals `accuracy_before`.
   */
  readonly phases: readonly LearnPhase[];
  /** The number of phases that have ended. */
  readonly ended: number;
  /** The copy's vectors after the phases that have ended; null until the first phase has ended. */
  readonly vectors: Vectors | null;
}

/** Facts about an unfinished run. */
export interface RunFacts extends LearnArguments {
  /** The version of the vectors that the run started from. */
  readonly version: number;
  readonly method: LearnMethod;
  readonly when: 'now' | 'idle';
  /** null until the losses before training were measured, and for methods without phases. */
  readonly progress: LearnProgress | null;
}

/** An unfinished run: everything it needs to resume in another page. */
export interface Unfinished extends RunFacts, SplitExamples {}

/**
 * An unfinished run as it is stored. A run that was stored without examples resumes with the examples that the profile has at that time.
 */
export type StoredRun = RunFacts | Unfinished;

export function readUnfinished(id: string, value: unknown): StoredRun | undefined {
  if (value === null || value === undefined) return undefined;
  return readPart(id, value, 'unfinished', (unfinished) => {
    const facts: RunFacts = {
      version: count(unfinished, 'version'),
      method: readMethod(unfinished),
      args: plain(unfinished, 'args'),
      preferences: optionalPlain(unfinished, 'preferences'),
      ratings: optionalPlain(unfinished, 'ratings'),
      when: unfinished.get('when') === 'idle' ? 'idle' : 'now',
      progress: (unfinished.get('progress') ?? null) === null ? null : readProgress(unfinished),
    };
    if (unfinished.get('learnt') === undefined) return facts;
    const examples = (key: string): SentExample[] =>
      list(unfinished, key).map((one, index) => exampleFields(`${key}[${index}]`, one));
    const [learnt, held] = [examples('learnt'), examples('held')];
    // Older versions didn't store the examples' indices, so the held-out examples count as those that were added last.
    const placesOf = (key: string, { length }: readonly SentExample[], first: number): number[] => {
      if (unfinished.get(key) === undefined) return Array.from({ length }, (_, index) => first + index);
      const given = places(unfinished, key, length);
      if (given.length === length) return given;
      throw unfinished.invalid(key, `the places of ${length} examples`);
    };
    return {
      ...facts,
      learnt,
      learnt_places: placesOf('learnt_places', learnt, 0),
      held,
      held_places: placesOf('held_places', held, learnt.length),
    };
  });
}

function readProgress(unfinished: Fields): LearnProgress {
  const progress = fieldsOf(unfinished.get('progress'), 'progress');
  const phases = list(progress, 'phases').map(readPhase);
  const ended = count(progress, 'ended');
  if (ended > phases.length) throw progress.invalid('ended', 'a number of its phases');
  return {
    phases,
    ended,
    vectors: (progress.get('vectors') ?? null) === null ? null : readVectors(progress, 'vectors'),
  };
}

/** Reads an object of arguments; empty for runs that older versions stored without it. */
function optionalPlain(fields: Fields, key: string): Readonly<Record<string, never>> {
  return fields.get(key) === undefined ? {} : plain(fields, key);
}
