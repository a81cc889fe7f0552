import type { GeneratedText, ProgressInfo, WebVeraError } from '../../index';
import type { Learner } from '../learner';
import type { Lesson } from '../public';

/** The state that the panel's regions show. */
export interface Shown {
  readonly learner: Learner;
  /** The model's name, for visitors. */
  readonly name: string;
  /** Whether the profile was forgotten or replaced since the last update. Regions then remove the texts of the old profile. */
  readonly isGone: boolean;
  readonly progress: ProgressInfo | undefined;
  /** Whether visitors are asked for their opinion of generated texts. */
  readonly hasOpinions: boolean;
  /** The reason why this device can't load a model; undefined if it can. */
  readonly trouble: WebVeraError | undefined;
}

/** The actions of the panel's buttons. Their promises don't reject: the `Learner` reports errors, and the panel shows them. */
export interface Actions {
  load(): void;
  pause(): void;
  resume(): void;
  stop(): void;
  cancel(): void;
  rollback(): void;
  export(): void;
  import(files: readonly File[]): void;
  forget(): void;
  /** Learns from a text, a file or examples. Resolves with whether that succeeded. */
  teach(lesson: Lesson): Promise<boolean>;
  /** Resolves with whether the rating was stored. 0 removes it. */
  rate(rated: GeneratedText, rating: 1 | 0 | -1): Promise<boolean>;
  /** Resolves with whether the visitor's text was stored. */
  correct(generated: GeneratedText, text: string): Promise<boolean>;
  /** Trains on the profile's stored data. Resolves with whether the training succeeded. */
  learn(): Promise<boolean>;
  /** Resolves with whether the labelled examples were stored. */
  label(lesson: Lesson): Promise<boolean>;
  /** Trains a classifier further on the stored examples. Resolves with whether the training succeeded. */
  refine(): Promise<boolean>;
}

/** A part of the panel, such as the one for teaching. */
export interface Region {
  readonly root: HTMLElement;
  update(shown: Shown): void;
  /** Returns the element to focus if the focused element disappears; undefined if the region has no such element. */
  landing(): HTMLElement | undefined;
  /** Stops the region's work, because the panel is closed. */
  close?(): void;
}

/** Makes screen readers read a text aloud. */
export type Announce = (text: string) => void;

/** Whether a visitor can use an element: it is enabled, and neither it nor an ancestor is hidden. */
export function isUsable(element: HTMLElement): boolean {
  return element.closest('[hidden]') === null && !element.matches(':disabled');
}

export function firstUsable(...elements: readonly HTMLElement[]): HTMLElement | undefined {
  return elements.find(isUsable);
}
