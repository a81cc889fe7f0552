import { button, create, field, setText, show } from '../dom';
import { takeDrops } from '../drop';
import { firstUsable, type Region, type Shown } from '../region';
import { countsInWords } from '../words';
import { LabelField } from './label_field';
import { LearnButton } from './learn_button';
import type { Training } from './training';

interface LabelledText {
  readonly text: string;
  readonly label: string;
}

type Learn = (lesson: readonly LabelledText[] | File) => Promise<boolean>;

/** What to learn from: texts, each with its label, or a file of such. */
export class TeachLabels implements Region {
  readonly root: HTMLElement;
  readonly #training: Training;
  readonly #text = field('lesson', 'A text', { rows: 3, attributes: { 'aria-describedby': 'lesson-hint' } });
  readonly #label = new LabelField('Its label');
  readonly #picker = create('input', { type: 'file', hidden: true, accept: '.jsonl,.ndjson,.json,.csv' });
  readonly #list = create('p', { className: 'quiet', attributes: { role: 'status' } });
  readonly #add: HTMLButtonElement;
  readonly #learn: LearnButton;
  readonly #pick: HTMLButtonElement;
  readonly #submit: Learn;
  /** What was added, until it is learnt. */
  #examples: readonly LabelledText[] = [];

  /** `learn` resolves with whether it was learnt. */
  constructor(training: Training, learn: Learn) {
    this.#training = training;
    this.#submit = learn;
    this.#add = button('Add', () => this.#keep());
    this.#learn = new LearnButton(() => this.#teach(this.#examples));
    this.#pick = button('Learn from a file…', () => this.#picker.click());
    const hint =
      'Some texts of each label, in any order. You can also drop a CSV file with columns text and label here, or JSON Lines.';
    this.root = create(
      'div',
      { className: 'teach stack' },
      create('h3', {}, 'Teach'),
      this.#text.root,
      this.#label.root,
      create('p', { id: 'lesson-hint', className: 'quiet' }, hint),
      this.#list,
      create('div', { className: 'actions' }, this.#add, this.#learn.root, this.#pick, this.#picker),
      training.root,
    );
    this.#text.input.addEventListener('input', () => this.#show());
    this.#picker.addEventListener('change', () => {
      const [file] = this.#picker.files ?? [];
      this.#picker.value = ''; // so that the same one can be chosen again
      if (file !== undefined) void this.#teach(file);
    });
    takeDrops(this.root, (file) => {
      if (!this.#pick.disabled) void this.#teach(file);
    });
    this.#show();
  }

  update(shown: Shown): void {
    this.#learn.update(shown);
    this.#label.offer(Object.values(shown.learner.model?.config.id2label ?? {}));
    this.#training.update(shown);
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return this.#training.landing() ?? firstUsable(this.#text.input, this.#learn.root, this.#pick);
  }

  #keep(): void {
    this.#examples = [...this.#examples, { text: this.#text.input.value, label: this.#label.value }];
    this.#text.input.value = '';
    this.#show();
    this.#text.input.focus();
  }

  async #teach(lesson: readonly LabelledText[] | File): Promise<void> {
    const isLearnt = await this.#learn.teach(() => this.#submit(lesson));
    // What was added meanwhile is for the next time.
    if (isLearnt && !(lesson instanceof File)) this.#examples = this.#examples.slice(lesson.length);
    this.#show();
  }

  #show(): void {
    const labels = this.#examples.map(({ label }) => label);
    setText(this.#list, countsInWords(labels));
    show(this.#list, labels.length > 0);
    this.#add.disabled = this.#text.input.value.trim() === '' || this.#label.value === '';
    this.#learn.show(labels);
    this.#pick.disabled = this.#learn.isBusy;
  }
}
