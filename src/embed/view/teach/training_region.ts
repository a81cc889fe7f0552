import { recoveredInWords } from '../../../parts/words';
import { button, buttons, create, quiet, setShare, setText, show, stack } from '../panel_elements';
import { stepsInWords, troubleInWords } from '../panel_words';
import { type Actions, firstUsable, type Region } from '../region';
import { lossLine } from './chart';

/** Explanations of a pause for visitors. A pause of their own needs none. */
const PAUSES: Readonly<Record<string, string>> = {
  hidden: 'It waits until this page is seen again.',
  busy: 'It waits until you have a moment.',
  frozen: 'The browser has put this page to sleep.',
  lock: 'It waits for another tab.',
};

/** A run's progress, loss and buttons; hidden without a run. `lessons`: the kind of examples, such as 'text'. */
export function trainingRegion({ pause, resume, stop }: Actions, lessons: string): Region {
  let isPaused = false;
  const bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Learning' } });
  const [steps, reason] = [quiet(), quiet()];
  const note = quiet('', { role: 'status' });
  const line = lossLine(lessons);
  const pauseButton = button('Pause', () => (isPaused ? resume() : pause()));
  const stopButton = button('Stop here', stop);
  const root = stack('training', bar, steps, reason, note, line.root, buttons(pauseButton, stopButton));
  const showText = (element: HTMLElement, text: string): void => {
    show(element, text !== '');
    setText(element, text);
  };
  return {
    root,
    update({ learner: { watch, session } }) {
      const { run, paused, recovered } = watch;
      show(root, run !== undefined);
      if (run === undefined) return;
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
