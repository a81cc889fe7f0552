import { button, create, setText, show } from '../dom';
import { takeDrops } from '../drop';
import { thumbnailOf, unreadable } from '../picture';
import { firstUsable, type Region, type Shown } from '../region';
import { countsInWords } from '../words';
import { LabelField } from './label_field';
import { LearnButton } from './learn_button';
import type { Training } from './training';

interface LabelledImage {
  readonly image: File;
  readonly label: string;
}

type Learn = (lesson: readonly LabelledImage[]) => Promise<boolean>;

/** More are no faster chosen than by a page of its own. */
const MOST = 400;

/** What to learn from: pictures, each with its label. */
export class TeachImages implements Region {
  readonly root: HTMLElement;
  readonly #training: Training;
  readonly #label = new LabelField('What the next pictures show');
  readonly #picker = create('input', { type: 'file', hidden: true, multiple: true, accept: 'image/*' });
  readonly #pictures = create('ul', { className: 'pictures', attributes: { 'aria-label': 'Pictures to learn from' } });
  readonly #list = create('p', { className: 'quiet', attributes: { role: 'status' } });
  readonly #pick: HTMLButtonElement;
  readonly #learn: LearnButton;
  /** What was added, until it is learnt, each with its place in the list. */
  readonly #examples = new Map<LabelledImage, HTMLElement>();
  #refused = '';

  /** `learn` resolves with whether it was learnt. */
  constructor(training: Training, learn: Learn) {
    this.#training = training;
    this.#pick = button('Add pictures…', () => this.#picker.click());
    this.#learn = new LearnButton(() => this.#teach(learn));
    const hint = 'Some pictures of each label, in any order. You can also drop or paste them here.';
    this.root = create(
      'div',
      { className: 'teach stack' },
      create('h3', {}, 'Teach'),
      this.#label.root,
      create('p', { className: 'quiet' }, hint),
      this.#pictures,
      this.#list,
      create('div', { className: 'actions' }, this.#pick, this.#learn.root, this.#picker),
      training.root,
    );
    this.#picker.addEventListener('change', () => {
      const files = [...(this.#picker.files ?? [])];
      this.#picker.value = ''; // so that the same ones can be chosen again
      void this.#add(files);
    });
    takeDrops(this.root, (...files) => void this.#add(files));
    this.root.addEventListener('paste', ({ clipboardData }) => void this.#add([...(clipboardData?.files ?? [])]));
    this.#show();
  }

  update(shown: Shown): void {
    this.#learn.update(shown);
    this.#label.offer(Object.values(shown.learner.model?.config.id2label ?? {}));
    this.#training.update(shown);
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
    this.#examples.delete(example);
    row?.remove();
    this.#show();
    (next?.querySelector('button') ?? this.#pick).focus();
  }

  async #teach(learn: Learn): Promise<void> {
    const lesson = [...this.#examples.keys()];
    const isLearnt = await this.#learn.teach(() => learn(lesson));
    // What was added meanwhile is for the next time.
    for (const example of isLearnt ? lesson : []) {
      this.#examples.get(example)?.remove();
      this.#examples.delete(example);
    }
    this.#show();
  }

  #show(): void {
    const labels = [...this.#examples.keys()].map(({ label }) => label);
    const counts = labels.length === 0 ? '' : countsInWords(labels);
    setText(this.#list, [counts, this.#refused].filter((text) => text !== '').join('. '));
    show(this.#list, this.#list.textContent !== '');
    show(this.#pictures, labels.length > 0);
    this.#learn.show(labels);
  }
}
