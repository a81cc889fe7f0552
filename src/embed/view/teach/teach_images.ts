import { button, buttons, create, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { takeFiles, thumbnailOf, unreadable } from '../picked_files';
import { type Actions, firstUsable, type Region } from '../region';
import { labelField, refineButton, standing } from './lesson_parts';

interface LabelledImage {
  readonly image: File;
  readonly label: string;
}

/** The largest number of pictures that can be added at once, and that the list shows. */
const MOST = 400;
const HINT =
  'It learns from pictures at once: add some of each label, or drop or paste them here. Refine trains it for longer, and keeps that unless it does worse.';

/** The region in which a visitor teaches pictures and their labels. */
export function teachImagesRegion(training: Region, { label, refine }: Pick<Actions, 'label' | 'refine'>): Region {
  /** How many profiles were forgotten or replaced by another one so far. */
  let gone = 0;
  const choice = labelField('What the next pictures show');
  const outcome = standing();
  /** The most recent pictures of this visit. */
  const pictures = create('ul', { className: 'pictures', attributes: { 'aria-label': 'Pictures of this visit' } });
  const refused = quiet('', { role: 'status' });
  const picker = filePicker('image/*', true);
  const pick = button('Add pictures…', () => picker.click(), 'primary');
  const refining = refineButton(refine);
  const showAll = (): void => {
    show(refused, refused.textContent !== '');
    show(pictures, pictures.childElementCount > 0);
  };
  const add = async (files: readonly File[]): Promise<void> => {
    const chosen = choice.label();
    if (chosen === '') return;
    const before = gone;
    const rows = new Map<LabelledImage, HTMLElement>();
    let problem = files.length > MOST ? `No more than ${MOST} pictures at a time.` : '';
    for (const image of files.slice(0, MOST)) {
      const picture = await thumbnailOf(image, `${chosen}: ${image.name}`);
      if (picture === undefined) problem = unreadable(image.name);
      else rows.set({ image, label: chosen }, rowOf(picture, chosen));
    }
    if (gone !== before) return;
    setText(refused, problem);
    showAll();
    if (rows.size === 0 || !(await label([...rows.keys()]))) return;
    outcome.add([...rows.keys()].map((example) => example.label));
    pictures.append(...rows.values());
    for (const row of [...pictures.children].slice(0, -MOST)) row.remove();
    showAll();
  };
  const row = buttons(pick, refining.root, picker);
  const heading = create('h3', {}, 'Teach');
  const parts = [heading, choice.root, quiet(HINT), pictures, outcome.root, refused, row, training.root];
  const root = stack('teach', ...parts);
  takeFiles(root, picker, (files) => void add(files), { pastes: true });
  showAll();
  return {
    root,
    update(shown) {
      if (shown.isGone) {
        gone += 1;
        pictures.replaceChildren();
        setText(refused, '');
      }
      for (const part of [refining, choice, outcome, training]) part.update(shown);
      showAll();
    },
    landing: () => training.landing() ?? firstUsable(pick, refining.root),
  };
}

function rowOf(picture: HTMLElement, label: string): HTMLElement {
  return create('li', {}, picture, create('span', { lang: '', dir: 'auto' }, label));
}
