import type { AdapterFiles } from 'webvera';
import { counted, shareOf } from '../../../src/parts/words';
import type { Kind } from './kind';

/** How many samples were classified right that the model had not learnt from. */
export interface Measured {
  readonly right: number;
  readonly of: number;
  /** Whether each sample was left out in turn. Otherwise the same ones were held out. */
  readonly inTurn: boolean;
}

/** The result of the last learning: an adapter with its head, and its classes. */
export interface Learnt {
  /** The base model's name. */
  readonly model: string;
  readonly labels: readonly string[];
  readonly files: AdapterFiles;
  /** The number of samples that it was learnt from. */
  readonly samples: number;
  readonly measured: Measured | undefined;
  /** The ids of the samples that the vectors below the head were trained on; undefined if only the head was solved for. */
  readonly refined: readonly number[] | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** '5 of 7', 'about 8 of 10' */
export function rightOf({ right, of }: Measured): string {
  return shareOf(right / of, of);
}

/** How often it is right, in a sentence, and a second one that says how that was counted. */
export function accuracyInWords(
  { measured, samples, refined }: Learnt,
  { thing, things }: Pick<Kind<unknown>, 'thing' | 'things'>,
): { readonly text: string; readonly note: string } {
  if (measured === undefined) {
    const note =
      refined === undefined
        ? `With two ${things} in a class, one is left out in turn to see how often it is right.`
        : `With five in each class when it is refined, some ${things} are kept apart to see how often it is right.`;
    return { text: `It has learnt from ${counted(samples, thing)}.`, note };
  }
  return {
    text: `Right for ${rightOf(measured)} ${things} it had not seen.`,
    note: measured.inTurn
      ? `Each ${thing} was left out once, while it learnt from the others.`
      : `It has learnt from the other ${counted(samples, thing)}.`,
  };
}
