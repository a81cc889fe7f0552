import type { Drawable } from '../../../src/parts/pictures';
import { type ClassesApp, changeSet } from '../classes/app';
import { addSamples, type ClassOf } from '../classes/class_set';
import { canChange } from '../classes/state';
import { ClassRows, type Teaching } from '../classes/telling/class_rows';
import { type Question, Telling } from '../classes/telling/telling';
import { ChoiceProblem } from '../library/choice_problem';
import { act } from '../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { byId, create, onClick, setText } from '../page/dom';
import { Camera } from './camera';
import { Drawing } from './drawing';
import { pixelsOf, pngOf, readSquare, squareOf } from './picture';
import { whileHeld } from './recorder';
import { watchFrames } from './watch';

/** A source of pictures other than files. */
type Source = 'camera' | 'drawing';

/** Shows a drawing, the camera or a picture from a file, predicts its class, and adds it to a class. */
export function padCard(app: ClassesApp<Blob>): void {
  const { store, kind } = app;
  const buttons = new Map<Source, HTMLButtonElement>([
    ['camera', byId('try-camera', 'button')],
    ['drawing', byId('try-drawing', 'button')],
  ]);
  const frame = byId('try-view', 'div');
  const camera = new Camera();
  const drawing = new Drawing(() => void telling.tell());
  /** The picture from a file, if one is shown. */
  let file: HTMLCanvasElement | undefined;
  let source: Source | undefined = 'drawing';
  /** Counts changes of the source, so that an old loop over the camera's frames stops. */
  let openings = 0;

  const shown = (): Drawable | undefined => (source === 'camera' ? camera.frame() : drawing.picture());
  const square = (): HTMLCanvasElement | undefined => {
    const picture = shown();
    return file ?? (picture && squareOf(picture));
  };
  const isFull = (): boolean => store.value.set.samples.length >= kind.most;

  /** Adds the current picture to a class. Resolves with whether the next picture may be added at once. */
  const take = async (id: number): Promise<boolean> => {
    const picture = square();
    if (picture === undefined) return false;
    const isDrawn = source === 'drawing';
    if (isDrawn) drawing.clear(); // at once: a second press of the button adds nothing
    const content = await pngOf(picture);
    changeSet(app, (set) => addSamples(set, id, [content]));
    if (isDrawn) drawing.focus(); // the button that added it is disabled now
    return source === 'camera' && !isFull();
  };
  const teachingOf = (id: number): Teaching => {
    const button = create('button', { type: 'button', className: 'small teach' });
    whileHeld(button, () =>
      take(id).catch((error: unknown) => {
        app.banner.report(error);
        return false;
      }),
    );
    const update = ({ name }: ClassOf): void => {
      const isHold = source === 'camera';
      setText(button, isHold ? 'Hold to record' : 'Add');
      button.classList.toggle('hold', isHold);
      button.setAttribute('aria-label', isHold ? `Hold to record ${name.trim()}` : `Add to ${name.trim()}`);
      button.disabled = !canChange(store.value) || (file ?? shown()) === undefined;
    };
    return { button, update };
  };
  const rows = new ClassRows(app, byId('classes', 'ul'), teachingOf);
  const telling = new Telling(app, rows, (): Question => {
    const picture = square();
    if (picture !== undefined) return { input: pixelsOf(picture) };
    return { wish: source === 'drawing' ? 'Draw something.' : 'Show it something.' };
  });

  const close = (): void => {
    openings++;
    camera.stop();
    source = undefined;
    press();
  };
  const open = async (wanted: Source): Promise<void> => {
    close();
    const opened = openings;
    file = undefined;
    source = wanted;
    const { root } = wanted === 'camera' ? camera : drawing;
    frame.replaceChildren(create('div', { className: 'view-frame' }, root));
    press();
    const isFilming = wanted === 'camera' && (await camera.start());
    await telling.tell();
    if (isFilming) await watchFrames(() => opened === openings, telling);
  };
  const press = (): void => {
    for (const [name, button] of buttons) button.setAttribute('aria-pressed', String(name === source));
  };
  const takeFiles = ({ all }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const [chosen] = [...(await all()).values()].filter(({ type }) => type.startsWith('image/'));
      if (chosen === undefined) throw new ChoiceProblem('Choose a picture.');
      const read = await readSquare(chosen, chosen.name);
      close();
      file = read;
      read.className = 'view';
      read.setAttribute('role', 'img');
      read.setAttribute('aria-label', chosen.name);
      frame.replaceChildren(create('div', { className: 'view-frame' }, read));
      void telling.tell();
    });

  for (const [name, button] of buttons) onClick(button, () => open(name));
  onFiles(byId('try-file', 'button'), byId('try-files', 'input'), takeFiles);
  onDrop(byId('try-card', 'section'), () => !store.value.busy, takeFiles);
  void open('drawing');
}
