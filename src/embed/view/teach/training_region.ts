import { recoveredInWords } from '../../../parts/words';
import { button, buttons, create, quiet, setShare, setText, show, stack } from '../panel_elements';
import { stepsInWords, troubleInWords } from '../panel_words';
import { type Actions, firstUsable, type Region, type Shown } from '../region';
import { LossLine } from './chart';

/** Explanations of a pause for visitors. A pause of their own needs none. */
const PAUSES: Readonly<Record<string, string>> = {
  hidden: 'It waits until this page is seen again.',
  busy: 'It waits until you have a moment.',
  frozen: 'The browser has put this page to sleep.',
  lock: 'It waits for another tab.',
};

/** The progress of a run, its loss and its buttons; hidden while no run exists. */
export class Training implements Region {
  readonly root: HTMLElement;
  readonly #bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Learning' } });
  readonly #text = quiet();
  readonly #reason = quiet();
  readonly #note = quiet('', { role: 'status' });
  readonly #line: LossLine;
  readonly #pause: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  #isPaused = false;

  /** `lessons`: the kind of examples, such as 'text', for visitors. */
  constructor({ pause, resume, stop }: Actions, lessons: string) {
    this.#line = new LossLine(lessons);
    this.#pause = button('Pause', () => (this.#isPaused ? resume() : pause()));
    this.#stop = button('Stop here', stop);
    const row = buttons(this.#pause, this.#stop);
    this.root = stack('training', this.#bar, this.#text, this.#reason, this.#note, this.#line.root, row);
  }

  update({ learner }: Shown): void {
    const { run, paused, recovered } = learner;
    show(this.root, run !== undefined);
    if (run === undefined) return;
    const { state } = run;
    this.#isPaused = paused === 'user';
    setText(this.#text, stepsInWords(state));
    setShare(this.#bar, state.max_steps > 0 ? state.global_step / state.max_steps : undefined);
    const reason = paused === undefined ? undefined : PAUSES[paused];
    show(this.#reason, reason !== undefined);
    setText(this.#reason, reason ?? '');
    const trouble = troubleInWords(learner.session?.state);
    const note = trouble ?? (recovered === undefined ? '' : recoveredInWords(recovered, 'It'));
    show(this.#note, note !== '');
    setText(this.#note, note);
    setText(this.#pause, this.#isPaused ? 'Go on' : 'Pause');
    const losses = state.log_history.map(({ loss }) => loss);
    this.#line.update(losses, state.max_steps);
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#pause, this.#stop);
  }
}
