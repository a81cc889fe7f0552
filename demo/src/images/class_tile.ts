import { counted } from '../../../src/parts/words';
import type { ClassesApp } from '../classes/app';
import { type ClassOf, type Sample, samplesOf } from '../classes/class_set';
import { canChange } from '../classes/state';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { create, setText, show } from '../page/dom';
import { KeyedRows } from '../page/keyed_rows';
import { Thumbnail } from './thumbnail';

export interface TileActions {
  takeFiles(files: ChosenFiles, classId: number): unknown;
  /** Selects a class as the target of pasted pictures. */
  choose(classId: number): void;
}

export interface TileItem {
  readonly one: ClassOf;
  /** Whether the class is the target of pasted pictures. */
  readonly isChosen: boolean;
}

/** The pictures of a class, and the button that adds files. */
export class ClassTile {
  readonly root: HTMLLIElement;
  readonly #app: ClassesApp<Blob>;
  readonly #name = create('h3', { className: 'tile-name' });
  readonly #count = create('span', { className: 'facts' });
  readonly #files = create('button', { type: 'button', className: 'small', textContent: 'Files…' });
  readonly #rows: KeyedRows<number, { readonly sample: Sample<Blob>; readonly name: string }>;
  readonly #thumbs = create('ul', { className: 'plain thumbs' });

  constructor(app: ClassesApp<Blob>, id: number, { takeFiles, choose }: TileActions) {
    this.#app = app;
    this.#rows = new KeyedRows(this.#thumbs, (sample: number) => new Thumbnail(app, sample, this.#files));
    const picker = create('input', { type: 'file', accept: 'image/*', multiple: true, hidden: true });
    picker.setAttribute('aria-label', 'Files of pictures');
    onFiles(this.#files, picker, (files) => takeFiles(files, id));
    const head = create('div', { className: 'tile-head' }, this.#name, this.#count, this.#files);
    this.root = create('li', { className: 'class-tile' }, head, this.#thumbs, picker);
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
    const name = one.name.trim() || 'no name';
    setText(this.#name, name);
    setText(this.#count, counted(samples.length, this.#app.kind.thing));
    show(this.#thumbs, samples.length > 0);
    const named = samples.map(
      (sample, place) => [sample.id, { sample, name: `picture ${place + 1} of ${name}` }] as const,
    );
    this.#rows.show(new Map(named));
    this.root.toggleAttribute('data-chosen', isChosen);
    this.#files.disabled = !canChange(state);
    this.#files.setAttribute('aria-label', `Files… for ${name}`);
  }
}
