import { type ClassesApp, removeRow } from '../classes/app';
import type { Sample } from '../classes/class_set';
import { canChange } from '../classes/state';
import { create, onClick } from '../page/dom';
import { contextOf, SIDE } from './picture';

/** A small picture of a class, and the button that removes it. */
export class Thumbnail {
  readonly root: HTMLLIElement;
  readonly #app: ClassesApp<Blob>;
  readonly #canvas = create('canvas', { width: SIDE, height: SIDE, attributes: { role: 'img' } });
  readonly #remove = create('button', { type: 'button', textContent: '×' });
  #drawn: Blob | undefined;

  /** `landing`: the element that gets the focus when the class' last picture is removed. */
  constructor(app: ClassesApp<Blob>, id: number, landing: HTMLElement) {
    this.#app = app;
    onClick(this.#remove, () => removeRow(app, this.root, id, landing));
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
    if (source === undefined) return; // damaged storage: the visitor sees an empty frame, and can remove it
    contextOf(this.#canvas).drawImage(source, 0, 0, SIDE, SIDE);
    source.close();
  }
}
