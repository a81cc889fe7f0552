import { type ClassesApp, changeSet } from '../classes/app';
import { removeSample, type Sample } from '../classes/class_set';
import { canChange } from '../classes/state';
import { create, onClick } from '../page/dom';
import { contextOf, SIDE } from './picture';

/** A picture of a class, small, and the button that removes it. */
export class Thumbnail {
  readonly root: HTMLLIElement;
  readonly #app: ClassesApp<Blob>;
  readonly #canvas = create('canvas', { width: SIDE, height: SIDE, attributes: { role: 'img' } });
  readonly #remove = create('button', { type: 'button', textContent: '×' });
  #drawn: Blob | undefined;

  constructor(app: ClassesApp<Blob>, id: number) {
    this.#app = app;
    onClick(this.#remove, () => {
      const next = this.root.nextElementSibling ?? this.root.previousElementSibling;
      changeSet(app, (set) => removeSample(set, id));
      next?.querySelector('button')?.focus();
    });
    this.root = create('li', { className: 'thumb' }, this.#canvas, this.#remove);
  }

  update({ sample, name }: { readonly sample: Sample<Blob>; readonly name: string }): void {
    this.#canvas.setAttribute('aria-label', name);
    this.#remove.setAttribute('aria-label', `Remove ${name}`);
    this.#remove.disabled = !canChange(this.#app.store.value);
    if (this.#drawn === sample.content) return;
    this.#drawn = sample.content;
    void this.#draw(sample.content);
  }

  async #draw(picture: Blob): Promise<void> {
    const source = await createImageBitmap(picture).catch(() => undefined);
    if (source === undefined) return; // storage that is damaged: an empty frame stays, to be removed
    contextOf(this.#canvas).drawImage(source, 0, 0, SIDE, SIDE);
    source.close();
  }
}
