import type { Drawable } from '../../../src/parts/pictures';
import { create } from '../page/dom';
import { Camera } from './camera';
import { Drawing } from './drawing';

export type Source = 'camera' | 'drawing';

/** Where a picture comes from other than files: one of them at a time. */
export class View {
  readonly #camera = new Camera();
  readonly #drawing: Drawing;
  readonly root = create('div', { className: 'view-frame' });
  #source: Source | undefined;

  /** `onDrawn`: the drawing is another. */
  constructor(onDrawn: () => void = () => {}) {
    this.#drawing = new Drawing(onDrawn);
  }

  /** Resolves with whether there is something to see. */
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

  /** What it shows now, if anything. */
  picture(): Drawable | undefined {
    return this.#source === 'camera' ? this.#camera.frame() : this.#drawing.picture();
  }
}
