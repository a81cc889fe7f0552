import { counted } from '../../../src/parts/words';
import { type ClassesApp, changeSet } from '../classes/app';
import { ClassField } from '../classes/class_field';
import { addSamples, type ClassOf, type Sample, samplesOf } from '../classes/class_set';
import { canChange } from '../classes/state';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { create, onClick, setText } from '../page/dom';
import { KeyedRows } from '../page/keyed_rows';
import type { Capture } from './capture';
import { Thumbnail } from './thumbnail';

export interface TileActions {
  readonly capture: Capture;
  takeFiles(files: ChosenFiles, classId: number): unknown;
  /** Selects a class as the target of pasted pictures. */
  choose(classId: number): void;
}

export interface TileItem {
  readonly one: ClassOf;
  /** Whether the class is the target of pasted pictures. */
  readonly isChosen: boolean;
}

/** A class: its name, its pictures, and buttons that add more. */
export class ClassTile {
  readonly root: HTMLLIElement;
  readonly #app: ClassesApp<Blob>;
  readonly #field: ClassField<Blob>;
  readonly #count = create('span', { className: 'facts' });
  readonly #files = button('Files…');
  readonly #camera = button('Camera…');
  readonly #draw = button('Draw…');
  readonly #rows: KeyedRows<number, { readonly sample: Sample<Blob>; readonly name: string }>;
  readonly #thumbs = create('ul', { className: 'plain thumbs' });
  #name = '';

  constructor(app: ClassesApp<Blob>, id: number, { capture, takeFiles, choose }: TileActions) {
    this.#app = app;
    this.#field = new ClassField(app, id);
    this.#rows = new KeyedRows(this.#thumbs, (sample: number) => new Thumbnail(app, sample));
    const picker = create('input', { type: 'file', accept: 'image/*', multiple: true, hidden: true });
    picker.setAttribute('aria-label', 'Files of pictures');
    onFiles(this.#files, picker, (files) => takeFiles(files, id));
    for (const [source, opener] of [['camera', this.#camera] as const, ['drawing', this.#draw] as const]) {
      onClick(opener, () =>
        capture.open(source, this.#name, (picture) => changeSet(app, (set) => addSamples(set, id, [picture]))),
      );
    }
    const head = create('div', { className: 'class-row' }, this.#field.input, this.#count, this.#field.removeButton);
    const ways = create('div', { className: 'actions' }, this.#files, this.#camera, this.#draw);
    this.root = create('li', { className: 'class-tile' }, head, this.#thumbs, ways, picker);
    this.root.addEventListener('focusin', () => choose(id));
    this.root.addEventListener('pointerdown', () => choose(id));
    onDrop(
      this.root,
      () => canChange(app.store.value),
      (files) => takeFiles(files, id),
    );
  }

  update({ one, isChosen }: TileItem): void {
    const state = this.#app.store.value;
    const samples = samplesOf(state.set, one.id);
    this.#name = one.name.trim();
    this.#field.update(one);
    setText(this.#count, counted(samples.length, this.#app.kind.thing));
    this.#rows.show(
      new Map(samples.map((sample, place) => [sample.id, { sample, name: `picture ${place + 1} of ${this.#name}` }])),
    );
    this.root.toggleAttribute('data-chosen', isChosen);
    for (const [opener, text] of [
      [this.#files, 'Files'],
      [this.#camera, 'Camera'],
      [this.#draw, 'Draw'],
    ] as const) {
      opener.disabled = !canChange(state);
      opener.setAttribute('aria-label', `${text}… for ${this.#name}`);
    }
  }
}

function button(textContent: string): HTMLButtonElement {
  return create('button', { type: 'button', className: 'small', textContent });
}
