import type { ProgressInfo, WebVeraError } from '../../index';
import type { Learner } from '../learner';

/** What the panel's parts show, besides what the learner knows. */
export interface Shown {
  readonly learner: Learner;
  /** The model, for people. */
  readonly name: string;
  readonly progress: ProgressInfo | undefined;
  /** Why nothing can be loaded here. */
  readonly trouble: WebVeraError | undefined;
}

/** A part of the panel. */
export interface Region {
  readonly root: HTMLElement;
  update(shown: Shown): void;
  /** Where the focus goes when what had it is gone; undefined where there is no place for it. */
  landing(): HTMLElement | undefined;
  /** Stops what it does, as another takes its place. */
  close?(): void;
}

/** Says something to those who listen to the page, when they have a moment. */
export type Announce = (text: string) => void;

/** Whether it can be used: it and all it stands in are shown. */
export function isUsable(element: HTMLElement): boolean {
  return element.closest('[hidden]') === null && !element.matches(':disabled');
}

export function firstUsable(...elements: readonly HTMLElement[]): HTMLElement | undefined {
  return elements.find(isUsable);
}
