import type { LabelScore } from '../../../index';
import { button, buttons, create, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { takeFiles, thumbnailOf, unreadable } from '../picked_files';
import { type Announce, firstUsable, type Region } from '../region';
import { news, scoreBars } from './scores';

/** Creates the region in which the model predicts the label of a visitor's picture. */
export function tellImageRegion(predict: (image: File) => Promise<readonly LabelScore[]>, announce: Announce): Region {
  /** The picture that was chosen last. */
  let chosen: File | undefined;
  const isNew = news();
  const picker = filePicker('image/*');
  const scores = scoreBars(announce);
  const problem = quiet('', { role: 'status' });
  const pick = button('Choose a picture…', () => picker.click(), 'primary');
  const tell = async (file: File): Promise<void> => {
    chosen = file;
    const picture = await thumbnailOf(file, file.name);
    if (chosen !== file) return;
    setText(problem, picture === undefined ? unreadable(file.name) : '');
    show(problem, picture === undefined);
    if (picture === undefined) {
      chosen = undefined;
      return scores.replace();
    }
    try {
      const told = await predict(file);
      if (chosen === file) scores.show(told, picture);
    } catch {
      // The panel shows the error.
    }
  };
  const hint = quiet('It tells what a picture shows. You can also drop or paste one here.');
  const root = stack('attempt', create('h3', {}, 'Try'), hint, buttons(pick, picker), problem, scores.root);
  takeFiles(root, picker, ([file]) => void tell(file), { pastes: true });
  show(problem, false);
  return {
    root,
    update(shown) {
      scores.update(shown);
      if (shown.isGone) {
        chosen = undefined;
        show(problem, false);
      }
      if (isNew(shown) && chosen !== undefined) void tell(chosen);
    },
    landing: () => firstUsable(pick),
  };
}
