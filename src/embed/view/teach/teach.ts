import { formatBytes } from '../../../parts/words';
import { button, buttons, create, field, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { takeFiles } from '../picked_files';
import { firstUsable, type Region, type Shown } from '../region';
import { LearnButton } from './learn_button';
import type { Training } from './training_region';

const HINT = 'Some paragraphs in the way you want it to write. You can also drop a text file here.';

/** Teaches a text, which is typed, pasted, or in a file. */
export class Teach implements Region {
  readonly root: HTMLElement;
  readonly #training: Training;
  readonly #text = field('lesson', 'Text to learn from', {
    rows: 5,
    attributes: { 'aria-describedby': 'lesson-hint' },
  });
  readonly #fileRow: HTMLElement;
  readonly #fileName = create('span', { className: 'name' });
  readonly #learn: LearnButton;
  readonly #pick: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  #file: File | undefined;

  /** `learn` resolves with whether the lesson was learnt. */
  constructor(training: Training, learn: (lesson: string | File) => Promise<boolean>) {
    const picker = filePicker('.txt,.md,.jsonl,.csv,text/plain');
    this.#training = training;
    this.#learn = new LearnButton(() => this.#submit(learn));
    this.#pick = button('Choose a file…', () => picker.click());
    this.#remove = button('Remove', () => this.#choose(undefined));
    this.#fileRow = create('div', { className: 'file' }, this.#fileName, this.#remove);
    this.root = stack(
      'teach',
      create('h3', {}, 'Teach'),
      this.#text.root,
      this.#fileRow,
      quiet(HINT, { id: 'lesson-hint' }),
      buttons(this.#learn.root, this.#pick, picker),
      training.root,
    );
    this.#text.input.addEventListener('input', () => this.#show());
    takeFiles(this.root, picker, (file) => this.#choose(file));
    this.#show();
  }

  update(shown: Shown): void {
    this.#learn.update(shown);
    this.#training.update(shown);
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return this.#training.landing() ?? firstUsable(this.#text.input, this.#remove, this.#pick);
  }

  async #submit(learn: (lesson: string | File) => Promise<boolean>): Promise<void> {
    const file = this.#file;
    const text = this.#text.input.value;
    const isLearnt = await this.#learn.teach(() => learn(file ?? text));
    // A lesson that was entered meanwhile stays for the next time.
    if (isLearnt && file !== undefined && this.#file === file) this.#choose(undefined);
    else if (isLearnt && file === undefined && this.#text.input.value === text) this.#text.input.value = '';
    this.#show();
  }

  #choose(file: File | undefined): void {
    this.#file = file;
    if (file !== undefined) setText(this.#fileName, `${file.name}, ${formatBytes(file.size)}`);
    this.#show();
    (file === undefined ? this.#text.input : this.#learn.root).focus();
  }

  #show(): void {
    show(this.#text.root, this.#file === undefined);
    show(this.#fileRow, this.#file !== undefined);
    this.#learn.show(this.#file !== undefined || this.#text.input.value.trim() !== '');
  }
}
