import { counted } from '../../../src/parts/words';
import { type ClassesApp, takeSamples } from '../classes/app';
import { canChange } from '../classes/state';
import { act } from '../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { byId, onClick, setText, show } from '../page/dom';
import { landOn } from '../page/focus';
import { KeyedRows } from '../page/keyed_rows';
import { ClassTile, type TileItem } from './class_tile';
import { type ReadPictures, readPictures } from './read_pictures';
import { starterPictures } from './starter';

/** Shows the pictures of each class, and adds pictures that are chosen, dropped or pasted, or the examples. */
export function picturesCard(app: ClassesApp<Blob>): void {
  const { store, kind } = app;
  const list = byId('tiles', 'ul');
  const [sample, pickFolder] = [byId('use-sample', 'button'), byId('pick-folder', 'button')];
  let chosen: number | undefined;
  let stopReading = (): void => {};

  const takeFiles = ({ all }: Pick<ChosenFiles, 'all'>, classId = chosen): Promise<void> =>
    act(app, async () => {
      const reading = new AbortController();
      stopReading = () => reading.abort();
      const onRead = (done: number, count: number): void =>
        setText(byId('reading-text', 'p'), `Reading picture ${done + 1} of ${count}…`);
      const options = { most: kind.most - store.value.set.samples.length, signal: reading.signal, onRead };
      show(byId('reading', 'div'), true);
      try {
        const pictures = await readPictures(await all(), options);
        takeSamples(app, pictures, classId, leftOutOf(pictures));
      } finally {
        show(byId('reading', 'div'), false);
        setText(byId('reading-text', 'p'), '');
      }
    });
  const choose = (classId: number): void => {
    if (chosen === classId) return;
    chosen = classId;
    render();
  };
  const tiles = new KeyedRows(list, (id: number) => new ClassTile(app, id, { takeFiles, choose }));

  onClick(sample, async () => {
    await act(app, async () => {
      const drawings = await starterPictures();
      takeSamples(app, { labelled: drawings, others: [], all: drawings.length }, undefined);
    });
    landOn(byId('samples-title', 'h2')); // the button is hidden now
  });
  onClick(byId('reading-stop', 'button'), () => stopReading());
  onFiles(pickFolder, byId('picture-folder', 'input'), (files) => takeFiles(files));
  onDrop(
    byId('samples-card', 'section'),
    () => canChange(store.value),
    (files) => takeFiles(files),
  );
  document.addEventListener('paste', ({ clipboardData, target }) => {
    // Copied text, such as a spreadsheet's, may come with a picture of itself.
    if (target instanceof HTMLInputElement && clipboardData?.types.includes('text/plain')) return;
    const files = [...(clipboardData?.files ?? [])].filter(({ type }) => type.startsWith('image/'));
    if (files.length === 0 || !canChange(store.value)) return;
    void takeFiles({ all: async () => new Map(files.map((file, index) => [`${index} ${file.name}`, file])) });
  });

  function render(): void {
    const state = store.value;
    const { classes } = state.set;
    if (!classes.some(({ id }) => id === chosen)) chosen = classes[0]?.id;
    tiles.show(new Map(classes.map((one): [number, TileItem] => [one.id, { one, isChosen: one.id === chosen }])));
    show(sample, state.set.samples.length === 0);
    for (const button of [sample, pickFolder]) button.disabled = !canChange(state);
    const name = classes.find(({ id }) => id === chosen)?.name.trim();
    setText(byId('paste-note', 'span'), name ? ` Pictures that you paste go to “${name}”.` : '');
  }
  store.watch((state, before) => {
    if (state.set !== before.set || canChange(state) !== canChange(before) || state === before) render();
  });
}

/** Says which pictures are left out; '' if none are. */
function leftOutOf({ unreadable, unlabelled }: ReadPictures): string {
  const broken = unreadable > 0 ? `${counted(unreadable, 'picture')} could not be read.` : '';
  const outside = unlabelled > 0 ? `Left out: ${counted(unlabelled, 'picture')} outside the classes’ folders.` : '';
  return `${broken} ${outside}`.trim();
}
