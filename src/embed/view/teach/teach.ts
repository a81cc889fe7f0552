import { button, create, field, setText, show } from '../dom';
import { takeDrops } from '../drop';
import { firstUsable, type Region, type Shown } from '../region';
import { bytesInWords } from '../words';
import type { Training } from './training';

/** What to learn from: typed or pasted, or a file. */
export class Teach implements Region {
  readonly root: HTMLElement;
  readonly #training: Training;
  readonly #text = field('lesson', 'Text to learn from', {
    rows: 5,
    attributes: { 'aria-describedby': 'lesson-hint' },
  });
  readonly #picker = create('input', { type: 'file', hidden: true, accept: '.txt,.md,.jsonl,.csv,text/plain' });
  readonly #fileRow: HTMLElement;
  readonly #fileName = create('span', { className: 'name' });
  readonly #learn: HTMLButtonElement;
  readonly #pick: HTMLButtonElement;
  readonly #remove: HTMLButtonElement;
  #file: File | undefined;
  #isBusy = false;
  /** From the press on, while the lesson is cut and stored. */
  #isTeaching = false;

  /** `learn` resolves with whether it was learnt. */
  constructor(training: Training, learn: (lesson: string | File) => Promise<boolean>) {
    this.#training = training;
    this.#learn = button('Learn', () => this.#submit(learn), 'primary');
    this.#pick = button('Choose a file…', () => this.#picker.click());
    this.#remove = button('Remove', () => this.#choose(undefined));
    this.#fileRow = create('div', { className: 'file' }, this.#fileName, this.#remove);
    const hint = 'Some paragraphs in the way you want it to write. You can also drop a text file here.';
    this.root = create(
      'div',
      { className: 'teach stack' },
      create('h3', {}, 'Teach'),
      this.#text.root,
      this.#fileRow,
      create('p', { id: 'lesson-hint', className: 'quiet' }, hint),
      create('div', { className: 'actions' }, this.#learn, this.#pick, this.#picker),
      training.root,
    );
    this.#text.input.addEventListener('input', () => this.#show());
    this.#picker.addEventListener('change', () => {
      this.#choose(this.#picker.files?.[0]);
      this.#picker.value = ''; // so that the same one can be chosen again
    });
    takeDrops(this.root, (file) => this.#choose(file));
    this.#show();
  }

  update(shown: Shown): void {
    const { state } = shown.learner.status;
    this.#isBusy = state !== 'ready';
    this.#training.update(shown);
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return this.#training.landing() ?? firstUsable(this.#text.input, this.#remove, this.#pick);
  }

  async #submit(learn: (lesson: string | File) => Promise<boolean>): Promise<void> {
    if (this.#isTeaching) return;
    const file = this.#file;
    const text = this.#text.input.value;
    this.#isTeaching = true;
    this.#show();
    const isLearnt = await learn(file ?? text);
    this.#isTeaching = false;
    // What was put there meanwhile is for the next time.
    if (isLearnt && file !== undefined && this.#file === file) this.#choose(undefined);
    else if (isLearnt && file === undefined && this.#text.input.value === text) this.#text.input.value = '';
    this.#show();
  }

  #choose(file: File | undefined): void {
    this.#file = file;
    if (file !== undefined) setText(this.#fileName, `${file.name}, ${bytesInWords(file.size)}`);
    this.#show();
    (file === undefined ? this.#text.input : this.#learn).focus();
  }

  #show(): void {
    show(this.#text.root, this.#file === undefined);
    show(this.#fileRow, this.#file !== undefined);
    this.#learn.disabled = this.#isBusy || (this.#file === undefined && this.#text.input.value.trim() === '');
    // It keeps the focus until there is a run to go to.
    this.#learn.setAttribute('aria-disabled', String(this.#isTeaching));
  }
}
