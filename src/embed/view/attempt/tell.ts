import type { LabelScore } from '../../../index';
import { button, buttons, create, field, stack } from '../panel_elements';
import { type Announce, firstUsable, type Region, type Shown } from '../region';
import { Scores } from './scores';

/** Predicts the label of a visitor's text. */
export class Tell implements Region {
  readonly root: HTMLElement;
  readonly #text = field('prompt', 'A text to be told', { rows: 2 });
  readonly #scores: Scores;
  readonly #tell: HTMLButtonElement;
  #isTelling = false;

  constructor(predict: (text: string) => Promise<readonly LabelScore[]>, announce: Announce) {
    this.#scores = new Scores(announce);
    this.#tell = button('Tell', () => this.#begin(predict), 'primary');
    const row = buttons(this.#tell);
    this.root = stack('attempt', create('h3', {}, 'Try'), this.#text.root, row, this.#scores.root);
    this.#text.input.addEventListener('input', () => this.#show());
    this.#show();
  }

  update(shown: Shown): void {
    this.#scores.update(shown);
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#tell, this.#text.input);
  }

  async #begin(predict: (text: string) => Promise<readonly LabelScore[]>): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#show();
    try {
      this.#scores.show(await predict(this.#text.input.value));
    } catch {
      // The panel shows the error.
    }
    this.#isTelling = false;
    this.#show();
  }

  #show(): void {
    this.#tell.disabled = this.#text.input.value.trim() === '';
    this.#tell.setAttribute('aria-disabled', String(this.#isTelling));
  }
}
