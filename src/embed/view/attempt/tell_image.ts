import type { LabelScore } from '../../../index';
import { button, create, setText, show } from '../dom';
import { takeDrops } from '../drop';
import { thumbnailOf, unreadable } from '../picture';
import { type Announce, firstUsable, type Region, type Shown } from '../region';
import { shareInWords } from '../words';
import { bar } from './tell';

/** Lets it tell what a picture shows: a bar for each label, the likeliest first. */
export class TellImage implements Region {
  readonly root: HTMLElement;
  readonly #picker = create('input', { type: 'file', hidden: true, accept: 'image/*' });
  readonly #output = create('div', { className: 'output', attributes: { part: 'output' } });
  readonly #problem = create('p', { className: 'quiet', attributes: { role: 'status' } });
  readonly #pick: HTMLButtonElement;
  /** The one that was chosen last. */
  #chosen: File | undefined;

  constructor(predict: (image: File) => Promise<readonly LabelScore[]>, announce: Announce) {
    const tell = (file: File | undefined): void => {
      if (file !== undefined) void this.#tell(file, predict, announce);
    };
    this.#pick = button('Choose a picture…', () => this.#picker.click(), 'primary');
    this.root = create(
      'div',
      { className: 'attempt stack' },
      create('h3', {}, 'Try'),
      create('p', { className: 'quiet' }, 'It tells what a picture shows. You can also drop or paste one here.'),
      create('div', { className: 'actions' }, this.#pick, this.#picker),
      this.#problem,
      this.#output,
    );
    this.#picker.addEventListener('change', () => {
      const [file] = this.#picker.files ?? [];
      this.#picker.value = ''; // so that the same one can be chosen again
      tell(file);
    });
    takeDrops(this.root, tell);
    this.root.addEventListener('paste', ({ clipboardData }) => tell(clipboardData?.files[0]));
    this.#show();
  }

  update({ learner }: Shown): void {
    // What was learnt goes, and what it told by that.
    if (learner.status.forgotten !== undefined) this.#output.replaceChildren();
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#pick);
  }

  async #tell(file: File, predict: (image: File) => Promise<readonly LabelScore[]>, announce: Announce): Promise<void> {
    this.#chosen = file;
    const picture = await thumbnailOf(file, file.name);
    if (this.#chosen !== file) return;
    setText(this.#problem, picture === undefined ? unreadable(file.name) : '');
    this.#output.replaceChildren(...(picture === undefined ? [] : [picture]));
    this.#show();
    if (picture === undefined) return;
    try {
      const scores = await predict(file);
      if (this.#chosen !== file) return;
      this.#output.replaceChildren(picture, ...scores.map(bar));
      const [best] = scores;
      if (best !== undefined) announce(`${best.label}, ${shareInWords(best.score)}`);
    } catch {
      // The panel tells what is wrong.
    }
  }

  #show(): void {
    show(this.#output, this.#output.hasChildNodes());
    show(this.#problem, this.#problem.textContent !== '');
  }
}
