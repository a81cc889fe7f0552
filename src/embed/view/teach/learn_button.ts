import { button } from '../panel_elements';
import type { Shown } from '../region';

/** The button that starts learning, one lesson at a time. */
export class LearnButton {
  readonly root: HTMLButtonElement;
  #isBusy = false;
  /** From the click until the lesson is learnt or refused. */
  #isTeaching = false;
  #hasLearnt = false;

  constructor(onPress: () => void) {
    this.root = button('Learn', onPress, 'primary');
  }

  /** Whether the model can't learn now: it is loading, or learning already. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  update({ learner }: Shown): void {
    this.#isBusy = learner.status.state !== 'ready';
    this.#hasLearnt = (learner.profile?.info.history.length ?? 0) > 0;
  }

  /** Whether examples with these labels can be learnt: of two labels, or in addition to earlier lessons. */
  canTellApart(labels: readonly string[]): boolean {
    return labels.length > 0 && (this.#hasLearnt || new Set(labels).size > 1);
  }

  /** Enables the button if there is a lesson. While a lesson is being stored, the button keeps the focus. */
  show(hasLesson: boolean): void {
    this.root.disabled = this.#isBusy || !hasLesson;
    this.root.setAttribute('aria-disabled', String(this.#isTeaching));
  }

  /** Learns a lesson unless another one is being learnt. Resolves with whether it was learnt. */
  async teach(learn: () => Promise<boolean>): Promise<boolean> {
    if (this.#isTeaching) return false;
    this.#isTeaching = true;
    this.root.setAttribute('aria-disabled', 'true');
    const isLearnt = await learn();
    this.#isTeaching = false;
    return isLearnt;
  }
}
