import { button } from '../dom';
import type { Shown } from '../region';

/** The button that has labelled examples learnt, while there is something to tell apart. */
export class LearnButton {
  readonly root: HTMLButtonElement;
  #isBusy = false;
  /** From the press on, while the lesson is stored. */
  #isTeaching = false;
  /** Whether it has learnt before: what to tell new labels from. */
  #hasLearnt = false;

  constructor(onPress: () => void) {
    this.root = button('Learn', onPress, 'primary');
  }

  /** Whether nothing can be learnt now. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  update({ learner }: Shown): void {
    this.#isBusy = learner.status.state !== 'ready';
    this.#hasLearnt = (learner.profile?.info.history.length ?? 0) > 0;
  }

  /** `labels`: of the examples that wait. */
  show(labels: readonly string[]): void {
    const toTellFrom = this.#hasLearnt || new Set(labels).size > 1;
    this.root.disabled = this.#isBusy || labels.length === 0 || !toTellFrom;
    // It keeps the focus until there is a run to go to.
    this.root.setAttribute('aria-disabled', String(this.#isTeaching));
  }

  /** Has a lesson learnt, one at a time; resolves with whether it was. */
  async teach(learn: () => Promise<boolean>): Promise<boolean> {
    if (this.#isTeaching) return false;
    this.#isTeaching = true;
    this.root.setAttribute('aria-disabled', 'true');
    const isLearnt = await learn();
    this.#isTeaching = false;
    return isLearnt;
  }
}
