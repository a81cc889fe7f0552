import type { AdapterFiles, Confusion } from 'webvera';
import { counted, shareOf } from '../../../src/parts/words';
import type { Kind } from './kind';

/** A count of right predictions for samples that the model had not learnt from. */
export interface Measured {
  readonly right: number;
  readonly of: number;
  /** True if each sample was left out in turn (cross-validation); false if fixed samples were held out. */
  readonly inTurn: boolean;
  /** How often samples of each class were predicted as each class. */
  readonly confusion: Confusion;
}

/** The result of learning: an adapter with its head, and the classes that it predicts. */
export interface Learnt {
  /** The base model's name. */
  readonly model: string;
  readonly labels: readonly string[];
  /** The classes' ids, in the order of `labels`. */
  readonly classIds: readonly number[];
  readonly files: AdapterFiles;
  /** The number of samples that the adapter has learnt from. */
  readonly samples: number;
  readonly measured: Measured | undefined;
  /** The ids of the samples that the vectors below the head were trained on; undefined if only the head was solved for. */
  readonly refined: readonly number[] | undefined;
  /** The time at which the model learnt, in milliseconds since 1970. */
  readonly at: number;
}

/** Describes the share of right predictions: '5 of 7', 'about 8 of 10'. */
export function rightOf({ right, of }: Pick<Measured, 'right' | 'of'>): string {
  return shareOf(right / of, of);
}

/** `text`: a sentence on how often the model is right. `note`: how that was counted. */
export function accuracyInWords(
  { measured, samples, refined }: Pick<Learnt, 'measured' | 'samples' | 'refined'>,
  { thing, things }: Pick<Kind<unknown>, 'thing' | 'things'>,
): { readonly text: string; readonly note: string } {
  if (measured === undefined) {
    const note =
      refined === undefined
        ? `With two ${things} in a class, one is left out in turn to see how often it is right.`
        : `Label some more ${things} to see how often it is right for new ones.`;
    return { text: `It has learnt from ${counted(samples, thing)}.`, note };
  }
  const note = measured.inTurn
    ? `Each ${thing} was left out once, while it learnt from the others.`
    : `These ${things} were kept apart while the model’s inner layers were refined.`;
  return { text: `Right for ${rightOf(measured)} ${things} it had not seen.`, note };
}
