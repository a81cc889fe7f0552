import { recoveredInWords } from '../../../parts/words';
import { button, buttons, create, quiet, setShare, setText, show, stack } from '../panel_elements';
import { stepsInWords, troubleInWords } from '../panel_words';
import { type Actions, firstUsable, type Region } from '../region';
import { lossLine } from './chart';

/** The explanations that visitors see, by the reason for a pause. A pause that the visitor requested needs none. */
const PAUSES: Readonly<Record<string, string>> = {
  hidden: 'It waits until this page is seen again.',
  busy: 'It waits until you have a moment.',
  frozen: 'The browser has put this page to sleep.',
  lock: 'It waits for another tab.',
};

/** Shows a run's progress, loss and buttons. Hidden unless a run trains. `meaning` describes the loss to visitors. */
export function trainingRegion({ pause, resume, stop, cancel }: Actions, meaning: string): Region {
  let isPaused = false;
  const bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Learning' } });
  const [steps, reason] = [quiet(), quiet()];
  const note = quiet('', { role: 'status' });
  const line = lossLine(meaning);
  const pauseButton = button('Pause', () => (isPaused ? resume() : pause()));
  const stopButton = button('Stop here', stop);
  const cancelButton = button('Cancel', cancel);
  const row = buttons(pauseButton, stopButton, cancelButton);
  const root = stack('training', bar, steps, reason, note, line.root, row);
  const showText = (element: HTMLElement, text: string): void => {
    show(element, text !== '');
    setText(element, text);
  };
  return {
    root,
    update({ learner: { watch, session, isInstant, lessons } }) {
      const { run, paused, recovered } = watch;
      const isShown = run !== undefined && !isInstant;
      show(root, isShown);
      if (!isShown) return;
      show(cancelButton, lessons.canCancel);
      const { state } = run;
      isPaused = paused === 'user';
      setText(steps, stepsInWords(state));
      setShare(bar, state.max_steps > 0 ? state.global_step / state.max_steps : undefined);
      showText(reason, (paused && PAUSES[paused]) ?? '');
      showText(note, troubleInWords(session?.state) ?? (recovered ? recoveredInWords(recovered, 'It') : ''));
      setText(pauseButton, isPaused ? 'Go on' : 'Pause');
      const losses = state.log_history.map(({ loss }) => loss);
      line.update(losses, state.max_steps);
    },
    landing: () => firstUsable(pauseButton, stopButton),
  };
}
