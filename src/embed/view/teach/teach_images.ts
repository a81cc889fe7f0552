import { button, buttons, create, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { countsInWords } from '../panel_words';
import { takeFiles, thumbnailOf, unreadable } from '../picked_files';
import { firstUsable, type Region, type Shown } from '../region';
import { LabelField } from './label_field';
import { LearnButton } from './learn_button';
import type { Training } from './training_region';

interface LabelledImage {
  readonly image: File;
  readonly label: string;
}

type LearnImages = (lesson: readonly LabelledImage[]) => Promise<boolean>;

/** The most pictures in the list. More need a page of their own. */
const MOST = 400;

/** Teaches pictures with their labels. */
export class TeachImages implements Region {
  readonly root: HTMLElement;
  readonly #training: Training;
  readonly #label = new LabelField('What the next pictures show');
  readonly #pictures = create('ul', { className: 'pictures', attributes: { 'aria-label': 'Pictures to learn from' } });
  readonly #list = quiet('', { role: 'status' });
  readonly #pick: HTMLButtonElement;
  readonly #learn: LearnButton;
  /** The pictures that were added and aren't learnt yet, with their list entries. */
  readonly #examples = new Map<LabelledImage, HTMLElement>();
  #refused = '';

  /** `learn` resolves with whether the lesson was learnt. */
  constructor(training: Training, learn: LearnImages) {
    const picker = filePicker('image/*', true);
    this.#training = training;
    this.#pick = button('Add pictures…', () => picker.click());
    this.#learn = new LearnButton(() => this.#teach(learn));
    this.root = stack(
      'teach',
      create('h3', {}, 'Teach'),
      this.#label.root,
      quiet('Some pictures of each label, in any order. You can also drop or paste them here.'),
      this.#pictures,
      this.#list,
      buttons(this.#pick, this.#learn.root, picker),
      training.root,
    );
    takeFiles(this.root, picker, (...files) => void this.#add(files), { pastes: true });
    this.#show();
  }

  update(shown: Shown): void {
    for (const part of [this.#learn, this.#label, this.#training]) part.update(shown);
    this.#show();
  }

  landing(): HTMLElement | undefined {
    return this.#training.landing() ?? firstUsable(this.#learn.root, this.#pick);
  }

  async #add(files: readonly File[]): Promise<void> {
    const label = this.#label.value;
    if (label === '') return;
    this.#refused = '';
    for (const file of files) {
      const picture = await thumbnailOf(file, `${label}: ${file.name}`);
      if (picture === undefined) this.#refused = unreadable(file.name);
      else if (this.#examples.size < MOST) this.#place({ image: file, label }, picture);
      else this.#refused = `No more than ${MOST} pictures at a time.`;
    }
    this.#show();
  }

  #place(example: LabelledImage, picture: HTMLCanvasElement): void {
    const remove = button('×', () => this.#remove(example));
    remove.setAttribute('aria-label', `Remove ${example.label}: ${example.image.name}`);
    const row = create('li', {}, picture, create('span', { lang: '', dir: 'auto' }, example.label), remove);
    this.#examples.set(example, row);
    this.#pictures.append(row);
  }

  #remove(example: LabelledImage): void {
    const row = this.#examples.get(example);
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    this.#drop(example);
    this.#show();
    (next?.querySelector('button') ?? this.#pick).focus();
  }

  #drop(example: LabelledImage): void {
    this.#examples.get(example)?.remove();
    this.#examples.delete(example);
  }

  async #teach(learn: LearnImages): Promise<void> {
    const lesson = [...this.#examples.keys()];
    const isLearnt = await this.#learn.teach(() => learn(lesson));
    // Pictures that were added meanwhile stay for the next time.
    if (isLearnt) for (const example of lesson) this.#drop(example);
    this.#show();
  }

  #show(): void {
    const labels = [...this.#examples.keys()].map(({ label }) => label);
    const counts = labels.length === 0 ? '' : countsInWords(labels);
    setText(this.#list, [counts, this.#refused].filter((text) => text !== '').join('. '));
    show(this.#list, this.#list.textContent !== '');
    show(this.#pictures, labels.length > 0);
    this.#learn.show(this.#learn.canTellApart(labels));
  }
}
