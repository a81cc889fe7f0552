import { act } from '../app';
import type { ClassesApp } from '../classes/app';
import { Scores } from '../classes/scores';
import { ChoiceProblem } from '../library/choice_problem';
import { Latest } from '../library/latest';
import { byId, create, onClick, show } from '../ui/dom';
import { onDrop } from '../ui/drop_zone';
import { onFiles } from '../ui/file_picker';
import { contextOf, pixelsOf, readSquare, squareOf } from './picture';
import { type Source, View } from './view';

/** What the model takes in, in pixels. */
const SEEN = 28;

/** Tells the class of a picture: from a file, from the camera as it moves, or as it is drawn. */
export function tryCard(app: ClassesApp<Blob>): void {
  const { store, classifier, banner } = app;
  const buttons = new Map<Source, HTMLButtonElement>([
    ['camera', byId('try-camera', 'button')],
    ['drawing', byId('try-drawing', 'button')],
  ]);
  const [frame, seen] = [byId('try-view', 'div'), byId('seen', 'canvas')];
  const scores = new Scores();
  const view = new View(() => void tell());
  /** The square of a file, while one is shown. */
  let file: HTMLCanvasElement | undefined;
  let source: Source | undefined = 'drawing';

  const telling = new Latest(async () => {
    const { learnt, phase } = store.value;
    const picture = view.picture();
    const square = file ?? (picture && squareOf(picture));
    show(byId('seen-figure', 'figure'), square !== undefined);
    if (square !== undefined) {
      const context = contextOf(seen);
      context.imageSmoothingQuality = 'high';
      context.drawImage(square, 0, 0, SEEN, SEEN);
    }
    if (learnt === undefined) return scores.clear('Train it first, then show it something.');
    if (square === undefined)
      return scores.clear(source === 'drawing' ? 'Draw something, and see.' : 'Show it something, and see.');
    if (phase !== 'idle') return; // it tells once the run has ended
    try {
      scores.show(await classifier.tell(learnt, pixelsOf(square)));
    } catch (error) {
      scores.clear('');
      banner.report(error);
      close();
    }
  });

  const tell = (): Promise<void> => scores.during(telling.push(undefined));
  const open = async (wanted: Source): Promise<void> => {
    file = undefined;
    source = wanted;
    frame.replaceChildren(view.root);
    press();
    const isThere = await view.open(wanted);
    await tell();
    if (isThere && wanted === 'camera') void watch();
  };
  /** Goes on with the next frame once the one before is told. */
  const watch = async (): Promise<void> => {
    while (source === 'camera') {
      await new Promise(requestAnimationFrame);
      await tell();
    }
  };
  const close = (): void => {
    view.close();
    source = undefined;
    press();
  };
  const press = (): void => {
    for (const [name, button] of buttons) button.setAttribute('aria-pressed', String(name === source));
  };
  const takeFiles = (files: () => Promise<ReadonlyMap<string, File>>): Promise<void> =>
    act(app, async () => {
      const [chosen] = [...(await files()).values()].filter(({ type }) => type.startsWith('image/'));
      if (chosen === undefined) throw new ChoiceProblem('Choose a picture.');
      const square = await readSquare(chosen, chosen.name);
      close();
      file = square;
      square.className = 'view';
      square.setAttribute('role', 'img');
      square.setAttribute('aria-label', chosen.name);
      frame.replaceChildren(create('div', { className: 'view-frame' }, square));
      void tell();
    });

  for (const [name, button] of buttons) onClick(button, () => open(name));
  onFiles(byId('try-file', 'button'), byId('try-files', 'input'), (files) => takeFiles(async () => files));
  onDrop(
    byId('try-card', 'section'),
    () => !store.value.busy,
    ({ all }) => takeFiles(all),
  );
  store.watch(({ learnt, phase, device }, before) => {
    const isNew = learnt !== before.learnt || phase !== before.phase || device !== before.device;
    if (isNew && device?.usable === true) void tell();
  });
  void open('drawing');
}
