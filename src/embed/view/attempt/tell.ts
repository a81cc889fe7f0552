import type { LabelScore } from '../../../index';
import { button, create, field, setShare, show } from '../dom';
import { type Announce, firstUsable, type Region, type Shown } from '../region';
import { shareInWords } from '../words';

/** Lets it tell a text's label: a bar for each, the likeliest first. */
export class Tell implements Region {
  readonly root: HTMLElement;
  readonly #text = field('prompt', 'A text to be told', { rows: 2 });
  readonly #output = create('div', { className: 'output', attributes: { part: 'output' } });
  readonly #tell: HTMLButtonElement;
  #isTelling = false;

  constructor(predict: (text: string) => Promise<readonly LabelScore[]>, announce: Announce) {
    this.#tell = button('Tell', () => this.#begin(predict, announce), 'primary');
    this.root = create(
      'div',
      { className: 'attempt stack' },
      create('h3', {}, 'Try'),
      this.#text.root,
      create('div', { className: 'actions' }, this.#tell),
      this.#output,
    );
    this.#text.input.addEventListener('input', () => this.#show());
    this.#show();
  }

  update({ learner }: Shown): void {
    // What was learnt goes, and what it told by that.
    if (learner.status.forgotten !== undefined) this.#output.replaceChildren();
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#tell, this.#text.input);
  }

  async #begin(predict: (text: string) => Promise<readonly LabelScore[]>, announce: Announce): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    this.#show();
    try {
      const scores = await predict(this.#text.input.value);
      this.#output.replaceChildren(...scores.map(bar));
      const [best] = scores;
      if (best !== undefined) announce(`${best.label}, ${shareInWords(best.score)}`);
    } catch {
      // The panel tells what is wrong.
    }
    this.#isTelling = false;
    this.#show();
  }

  #show(): void {
    show(this.#output, this.#output.hasChildNodes());
    this.#tell.disabled = this.#text.input.value.trim() === '';
    this.#tell.setAttribute('aria-disabled', String(this.#isTelling));
  }
}

export function bar({ label, score }: LabelScore): HTMLElement {
  const share = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': label } });
  setShare(share, score);
  const name = create('span', { lang: '', dir: 'auto' }, label);
  return create('div', { className: 'score' }, name, create('span', {}, shareInWords(score)), share);
}
