import type { LabelScore } from 'webvera';
import { type Bar, showBars } from '../page/bars';
import { byId, setText } from '../page/dom';
import { formatShare } from '../page/format';

/** Shows the probability of each class as bars, and the likeliest class as text. */
export class Scores {
  readonly #list = byId('scores', 'ul');
  readonly #told = byId('told', 'p');

  #works = 0;

  /** Marks the text as busy while a prediction is being made. */
  async during(work: Promise<void>): Promise<void> {
    this.#works++;
    this.#told.setAttribute('aria-busy', 'true');
    await work;
    this.#works--;
    if (this.#works === 0) this.#told.setAttribute('aria-busy', 'false');
  }

  /** Removes the bars, and shows the reason. */
  clear(reason: string): void {
    this.#list.replaceChildren();
    setText(this.#told, reason);
  }

  show(scores: readonly LabelScore[]): void {
    const best = scores.reduce((one, other) => (other.score > one.score ? other : one));
    const bars = scores.map(
      (one): Bar => ({ name: one.label, length: one.score, value: formatShare(one.score), quiet: one !== best }),
    );
    showBars(this.#list, bars);
    setText(this.#told, `${best.label}, ${formatShare(best.score)} sure`);
  }
}
