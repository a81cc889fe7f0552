import type { ClassesApp } from '../classes/app';
import { type Question, Telling } from '../classes/telling';
import { ChoiceProblem } from '../library/choice_problem';
import { act } from '../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { byId, create, onClick, show } from '../page/dom';
import { contextOf, pixelsOf, readSquare, squareOf } from './picture';
import { type Source, View } from './view';

/** Pixels of the edge of the model's input. */
const SEEN = 28;

/** Classifies a picture from a file, the camera or a drawing. */
export function tryCard(app: ClassesApp<Blob>): void {
  const { store } = app;
  const buttons = new Map<Source, HTMLButtonElement>([
    ['camera', byId('try-camera', 'button')],
    ['drawing', byId('try-drawing', 'button')],
  ]);
  const [frame, seen] = [byId('try-view', 'div'), byId('seen', 'canvas')];
  const view = new View(() => void telling.tell());
  /** The picture of a file, if one is shown. */
  let file: HTMLCanvasElement | undefined;
  let source: Source | undefined = 'drawing';
  /** Counts changes of the source, so that an old loop over the camera's frames stops. */
  let openings = 0;

  const telling = new Telling(app, (): Question => {
    const picture = view.picture();
    const square = file ?? (picture && squareOf(picture));
    show(byId('seen-figure', 'figure'), square !== undefined);
    if (square === undefined) return { wish: source === 'drawing' ? 'Draw something.' : 'Show it something.' };
    const context = contextOf(seen);
    context.imageSmoothingQuality = 'high';
    context.drawImage(square, 0, 0, SEEN, SEEN);
    return { input: pixelsOf(square) };
  });

  const close = (): void => {
    openings++;
    view.close();
    source = undefined;
    press();
  };
  const open = async (wanted: Source): Promise<void> => {
    close();
    file = undefined;
    source = wanted;
    frame.replaceChildren(view.root);
    press();
    const isThere = await view.open(wanted);
    await telling.tell();
    if (isThere && wanted === 'camera') await watch();
  };
  /** Classifies the camera's frames, one after the other, until the visitor changes the source. */
  const watch = async (): Promise<void> => {
    const opened = openings;
    while (opened === openings && source === 'camera' && !telling.hasFailed) {
      await new Promise(requestAnimationFrame);
      await telling.tell();
    }
  };
  const press = (): void => {
    for (const [name, button] of buttons) button.setAttribute('aria-pressed', String(name === source));
  };
  const takeFiles = ({ all }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const [chosen] = [...(await all()).values()].filter(({ type }) => type.startsWith('image/'));
      if (chosen === undefined) throw new ChoiceProblem('Choose a picture.');
      const square = await readSquare(chosen, chosen.name);
      close();
      file = square;
      square.className = 'view';
      square.setAttribute('role', 'img');
      square.setAttribute('aria-label', chosen.name);
      frame.replaceChildren(create('div', { className: 'view-frame' }, square));
      void telling.tell();
    });

  for (const [name, button] of buttons) onClick(button, () => open(name));
  onFiles(byId('try-file', 'button'), byId('try-files', 'input'), takeFiles);
  onDrop(byId('try-card', 'section'), () => !store.value.busy, takeFiles);
  void open('drawing');
}
