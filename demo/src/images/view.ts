import type { Drawable } from '../../../src/parts/pictures';
import { create } from '../page/dom';
import { Camera } from './camera';
import { Drawing } from './drawing';

export type Source = 'camera' | 'drawing';

/** A source of pictures other than files: the camera or a drawing, one at a time. */
export class View {
  readonly #camera = new Camera();
  readonly #drawing: Drawing;
  readonly root = create('div', { className: 'view-frame' });
  #source: Source | undefined;

  /** `onDrawn` is called after each change of the drawing. */
  constructor(onDrawn: () => void = () => {}) {
    this.#drawing = new Drawing(onDrawn);
  }

  /** Shows a source. Resolves with whether it works. */
  async open(source: Source): Promise<boolean> {
    this.close();
    this.#source = source;
    const { root } = source === 'camera' ? this.#camera : this.#drawing;
    this.root.replaceChildren(root);
    if (source === 'drawing') return true;
    return this.#camera.start();
  }

  close(): void {
    this.#camera.stop();
    this.#source = undefined;
    this.root.replaceChildren();
  }

  clear(): void {
    this.#drawing.clear();
  }

  focus(): void {
    this.#drawing.focus();
  }

  /** The current picture, if any. */
  picture(): Drawable | undefined {
    return this.#source === 'camera' ? this.#camera.frame() : this.#drawing.picture();
  }
}
