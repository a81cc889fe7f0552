import { formatBytes } from '../../../parts/words';
import { button, buttons, create, field, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { takeFiles } from '../picked_files';
import { firstUsable, type Region } from '../region';
import { learnButton } from './lesson_parts';

const HINT = 'Some paragraphs in the way you want it to write. You can also drop a text file here.';

/**
 * The region in which a visitor gives the model a text to learn from: typed, pasted or from a file. `learn` resolves with whether the text
 * was learnt.
 */
export function teachRegion(training: Region, learn: (lesson: string | File) => Promise<boolean>): Region {
  let file: File | undefined;
  const { root: textRow, input } = field('lesson', 'Text to learn from', {
    rows: 5,
    attributes: { 'aria-describedby': 'lesson-hint' },
  });
  const picker = filePicker('.txt,.md,.jsonl,.csv,text/plain');
  const pick = button('Choose a file…', () => picker.click());
  const remove = button('Remove', () => choose(undefined));
  const fileName = create('span', { className: 'name' });
  const fileRow = create('div', { className: 'file' }, fileName, remove);
  const learning = learnButton(() => submit());
  const showAll = (): void => {
    show(textRow, file === undefined);
    show(fileRow, file !== undefined);
    learning.show(file !== undefined || input.value.trim() !== '');
  };
  const place = (chosen: File | undefined): void => {
    file = chosen;
    if (file !== undefined) setText(fileName, `${file.name}, ${formatBytes(file.size)}`);
    showAll();
  };
  const choose = (chosen: File | undefined): void => {
    place(chosen);
    (file === undefined ? input : learning.root).focus();
  };
  const submit = async (): Promise<void> => {
    const [sent, text] = [file, input.value];
    const isLearnt = await learning.teach(() => learn(sent ?? text));
    // A text or file that the visitor has changed during learning is not removed, because it has not been learnt yet.
    // The focus moves only if it is in this region.
    if (isLearnt && sent !== undefined && file === sent) (root.matches(':focus-within') ? choose : place)(undefined);
    else if (isLearnt && sent === undefined && input.value === text) input.value = '';
    showAll();
  };
  const heading = create('h3', {}, 'Teach');
  const row = buttons(learning.root, pick, picker);
  const root = stack('teach', heading, textRow, fileRow, quiet(HINT, { id: 'lesson-hint' }), row, training.root);
  input.addEventListener('input', showAll);
  takeFiles(root, picker, ([chosen]) => choose(chosen));
  showAll();
  return {
    root,
    update(shown) {
      for (const part of [learning, training]) part.update(shown);
      showAll();
    },
    landing: () => training.landing() ?? firstUsable(input, remove, pick),
  };
}
