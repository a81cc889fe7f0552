import type { LabelScore } from '../../../index';
import { button, buttons, create, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { takeFiles, thumbnailOf, unreadable } from '../picked_files';
import { type Announce, firstUsable, type Region, type Shown } from '../region';
import { Scores } from './scores';

/** Predicts the label of a visitor's picture. */
export class TellImage implements Region {
  readonly root: HTMLElement;
  readonly #scores: Scores;
  readonly #problem = quiet('', { role: 'status' });
  readonly #pick: HTMLButtonElement;
  /** The picture that was chosen last. */
  #chosen: File | undefined;

  constructor(predict: (image: File) => Promise<readonly LabelScore[]>, announce: Announce) {
    const picker = filePicker('image/*');
    this.#scores = new Scores(announce);
    this.#pick = button('Choose a picture…', () => picker.click(), 'primary');
    this.root = stack(
      'attempt',
      create('h3', {}, 'Try'),
      quiet('It tells what a picture shows. You can also drop or paste one here.'),
      buttons(this.#pick, picker),
      this.#problem,
      this.#scores.root,
    );
    takeFiles(this.root, picker, (file) => void this.#tell(file, predict), { pastes: true });
    show(this.#problem, false);
  }

  update(shown: Shown): void {
    this.#scores.update(shown);
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#pick);
  }

  async #tell(file: File, predict: (image: File) => Promise<readonly LabelScore[]>): Promise<void> {
    this.#chosen = file;
    const picture = await thumbnailOf(file, file.name);
    if (this.#chosen !== file) return;
    setText(this.#problem, picture === undefined ? unreadable(file.name) : '');
    show(this.#problem, picture === undefined);
    this.#scores.replace(...(picture === undefined ? [] : [picture]));
    if (picture === undefined) return;
    try {
      const scores = await predict(file);
      if (this.#chosen === file) this.#scores.show(scores, picture);
    } catch {
      // The panel shows the error.
    }
  }
}
