import { byId, onClick, setText } from '../page/dom';
import { pngOf, squareOf } from './picture';
import { type Source, View } from './view';

/** A dialog for taking or drawing several pictures. */
export class Capture {
  readonly #dialog = byId('capture', 'dialog');
  readonly #take = byId('capture-take', 'button');
  readonly #view = new View(() => this.#render());
  #source: Source = 'camera';
  #onPicture: (picture: Blob) => void = () => {};
  #isOpen = false;
  #count = 0;

  constructor() {
    byId('capture-view', 'div').replaceChildren(this.#view.root);
    onClick(this.#take, () => this.#capture());
    onClick(byId('capture-done', 'button'), () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => {
      this.#isOpen = false;
      this.#view.close();
    });
  }

  async open(source: Source, name: string, onPicture: (picture: Blob) => void): Promise<void> {
    this.#source = source;
    this.#onPicture = onPicture;
    this.#count = 0;
    setText(byId('capture-title', 'h2'), `Pictures of “${name}”`);
    setText(this.#take, source === 'camera' ? 'Take a picture' : 'Add the drawing');
    setText(byId('capture-count', 'p'), '');
    this.#dialog.showModal();
    this.#take.disabled = true;
    const isThere = await this.#view.open(source);
    this.#view.clear();
    this.#isOpen = isThere;
    this.#render();
  }

  async #capture(): Promise<void> {
    const picture = this.#view.picture();
    if (picture === undefined) return;
    this.#onPicture(await pngOf(squareOf(picture)));
    this.#count++;
    setText(byId('capture-count', 'p'), `${this.#count} added.`);
    this.#view.clear();
  }

  #render(): void {
    const isReady = this.#source === 'camera' || this.#view.picture() !== undefined;
    this.#take.disabled = !this.#isOpen || !isReady;
  }
}
