import type { LabelScore } from 'webvera';
import { type Bar, showBars } from '../page/bars';
import { byId, setText } from '../page/dom';
import { formatShare } from '../page/format';

/** How likely each class is: as bars, and the likeliest in words. */
export class Scores {
  readonly #list = byId('scores', 'ul');
  readonly #told = byId('told', 'p');

  #works = 0;

  /** Something is being found out, and what stands there may be out of date. */
  async during(work: Promise<void>): Promise<void> {
    this.#works++;
    this.#told.setAttribute('aria-busy', 'true');
    await work;
    this.#works--;
    if (this.#works === 0) this.#told.setAttribute('aria-busy', 'false');
  }

  /** Nothing to tell of, and why. */
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
