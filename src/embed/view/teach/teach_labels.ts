import { button, buttons, create, field, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { countsInWords } from '../panel_words';
import { takeFiles } from '../picked_files';
import { firstUsable, type Region, type Shown } from '../region';
import { LabelField } from './label_field';
import { LearnButton } from './learn_button';
import type { Training } from './training_region';

interface LabelledText {
  readonly text: string;
  readonly label: string;
}

type LearnTexts = (lesson: readonly LabelledText[] | File) => Promise<boolean>;

const HINT =
  'Some texts of each label, in any order. You can also drop a CSV file with columns text and label here, or JSON Lines.';

/** Teaches texts with their labels, which are typed, or in a file. */
export class TeachLabels implements Region {
  readonly root: HTMLElement;
  readonly #training: Training;
  readonly #text = field('lesson', 'A text', { rows: 3, attributes: { 'aria-describedby': 'lesson-hint' } });
  readonly #label = new LabelField('Its label');
  readonly #list = quiet('', { role: 'status' });
  readonly #add: HTMLButtonElement;
  readonly #learn: LearnButton;
  readonly #pick: HTMLButtonElement;
  readonly #submit: LearnTexts;
  /** The texts that were added and aren't learnt yet. */
  #examples: readonly LabelledText[] = [];

  /** `learn` resolves with whether the lesson was learnt. */
  constructor(training: Training, learn: LearnTexts) {
    const picker = filePicker('.jsonl,.ndjson,.json,.csv');
    this.#training = training;
    this.#submit = learn;
    this.#add = button('Add', () => this.#keep());
    this.#learn = new LearnButton(() => this.#teach(this.#examples));
    this.#pick = button('Learn from a file…', () => picker.click());
    this.root = stack(
      'teach',
      create('h3', {}, 'Teach'),
      this.#text.root,
      this.#label.root,
      quiet(HINT, { id: 'lesson-hint' }),
      this.#list,
      buttons(this.#add, this.#learn.root, this.#pick, picker),
      training.root,
    );
    this.#text.input.addEventListener('input', () => this.#show());
    takeFiles(this.root, picker, (file) => {
      if (!this.#learn.isBusy) void this.#teach(file);
    });
    this.#show();
  }

  update(shown: Shown): void {
    for (const part of [this.#learn, this.#label, this.#training]) part.update(shown);
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
    // Texts that were added meanwhile stay for the next time.
    if (isLearnt && !(lesson instanceof File)) this.#examples = this.#examples.slice(lesson.length);
    this.#show();
  }

  #show(): void {
    const labels = this.#examples.map(({ label }) => label);
    setText(this.#list, countsInWords(labels));
    show(this.#list, labels.length > 0);
    this.#add.disabled = this.#text.input.value.trim() === '' || this.#label.value === '';
    this.#learn.show(this.#learn.canTellApart(labels));
    this.#pick.disabled = this.#learn.isBusy;
  }
}
