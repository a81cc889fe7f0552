import { button, buttons, create, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { countsInWords } from '../panel_words';
import { takeFiles, thumbnailOf, unreadable } from '../picked_files';
import { firstUsable, type Region } from '../region';
import { labelField, learnButton } from './lesson_parts';

interface LabelledImage {
  readonly image: File;
  readonly label: string;
}

/** The most pictures in the list. More need a page of their own. */
const MOST = 400;

/** The list of the pictures that were added and aren't learnt yet. */
function pictureList(onRemove: (next: HTMLElement | null | undefined) => void) {
  const root = create('ul', { className: 'pictures', attributes: { 'aria-label': 'Pictures to learn from' } });
  const rows = new Map<LabelledImage, HTMLElement>();
  const drop = (example: LabelledImage): void => {
    rows.get(example)?.remove();
    rows.delete(example);
  };
  return {
    root,
    drop,
    examples: () => [...rows.keys()],
    add(example: LabelledImage, picture: HTMLCanvasElement): void {
      const remove = button('×', () => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        drop(example);
        onRemove(next?.querySelector('button'));
      });
      remove.setAttribute('aria-label', `Remove ${example.label}: ${example.image.name}`);
      const row = create('li', {}, picture, create('span', { lang: '', dir: 'auto' }, example.label), remove);
      rows.set(example, row);
      root.append(row);
    },
  };
}

/** Teaches pictures with their labels. `learn` resolves with whether the lesson was learnt. `training` shows the run. */
export function teachImagesRegion(
  training: Region,
  learn: (lesson: readonly LabelledImage[]) => Promise<boolean>,
): Region {
  let refused = '';
  const choice = labelField('What the next pictures show');
  const pictures = pictureList((next) => {
    showAll();
    (next ?? pick).focus();
  });
  const list = quiet('', { role: 'status' });
  const picker = filePicker('image/*', true);
  const pick = button('Add pictures…', () => picker.click());
  const learning = learnButton(() => teach());
  const showAll = (): void => {
    const labels = pictures.examples().map(({ label }) => label);
    const counts = labels.length === 0 ? '' : countsInWords(labels);
    setText(list, [counts, refused].filter((text) => text !== '').join('. '));
    show(list, list.textContent !== '');
    show(pictures.root, labels.length > 0);
    learning.show(learning.canTellApart(labels));
  };
  const add = async (files: readonly File[]): Promise<void> => {
    const label = choice.label();
    if (label === '') return;
    refused = '';
    for (const image of files) {
      const picture = await thumbnailOf(image, `${label}: ${image.name}`);
      if (picture === undefined) refused = unreadable(image.name);
      else if (pictures.examples().length < MOST) pictures.add({ image, label }, picture);
      else refused = `No more than ${MOST} pictures at a time.`;
    }
    showAll();
  };
  const teach = async (): Promise<void> => {
    const lesson = pictures.examples();
    const isLearnt = await learning.teach(() => learn(lesson));
    // Pictures that were added meanwhile stay for the next time.
    if (isLearnt) lesson.forEach(pictures.drop);
    showAll();
  };
  const hint = quiet('Some pictures of each label, in any order. You can also drop or paste them here.');
  const row = buttons(pick, learning.root, picker);
  const heading = create('h3', {}, 'Teach');
  const root = stack('teach', heading, choice.root, hint, pictures.root, list, row, training.root);
  takeFiles(root, picker, (...files) => void add(files), { pastes: true });
  showAll();
  return {
    root,
    update(shown) {
      for (const part of [learning, choice, training]) part.update(shown);
      showAll();
    },
    landing: () => training.landing() ?? firstUsable(learning.root, pick),
  };
}
