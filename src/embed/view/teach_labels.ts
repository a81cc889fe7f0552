import { button, create, field, setText, show } from './dom';
import { takeDrops } from './drop';
import { LabelField } from './label_field';
import { firstUsable, type Region, type Shown } from './region';
import type { Training } from './training';
import { countsInWords } from './words';

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
  readonly #learn: HTMLButtonElement;
  readonly #pick: HTMLButtonElement;
  readonly #submit: Learn;
  /** What was added, until it is learnt. */
  #examples: readonly LabelledText[] = [];
  #isBusy = false;
  /** From the press on, while the lesson is stored. */
  #isTeaching = false;
  /** Whether it has learnt before: what to tell the labels from. */
  #hasLearnt = false;

  /** `learn` resolves with whether it was learnt. */
  constructor(training: Training, learn: Learn) {
    this.#training = training;
    this.#submit = learn;
    this.#add = button('Add', () => this.#keep());
    this.#learn = button('Learn', () => this.#teach(this.#examples), 'primary');
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
      create('div', { className: 'actions' }, this.#add, this.#learn, this.#pick, this.#picker),
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
    const { learner } = shown;
    this.#isBusy = learner.status.state !== 'ready';
    this.#hasLearnt = (learner.profile?.info.history.length ?? 0) > 0;
    this.#label.offer(Object.values(learner.model?.config.id2label ?? {}));
    this.#training.update(shown);
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return this.#training.landing() ?? firstUsable(this.#text.input, this.#learn, this.#pick);
  }

  #keep(): void {
    this.#examples = [...this.#examples, { text: this.#text.input.value, label: this.#label.value }];
    this.#text.input.value = '';
    this.#show();
    this.#text.input.focus();
  }

  async #teach(lesson: readonly LabelledText[] | File): Promise<void> {
    if (this.#isTeaching) return;
    this.#isTeaching = true;
    this.#show();
    const isLearnt = await this.#submit(lesson);
    this.#isTeaching = false;
    // What was added meanwhile is for the next time.
    if (isLearnt && !(lesson instanceof File)) this.#examples = this.#examples.slice(lesson.length);
    this.#show();
  }

  #show(): void {
    const labels = this.#examples.map(({ label }) => label);
    const toTellFrom = this.#hasLearnt || new Set(labels).size > 1;
    setText(this.#list, countsInWords(labels));
    show(this.#list, labels.length > 0);
    this.#add.disabled = this.#text.input.value.trim() === '' || this.#label.value === '';
    this.#learn.disabled = this.#isBusy || labels.length === 0 || !toTellFrom;
    this.#pick.disabled = this.#isBusy;
    // It keeps the focus until there is a run to go to.
    this.#learn.setAttribute('aria-disabled', String(this.#isTeaching));
  }
}
