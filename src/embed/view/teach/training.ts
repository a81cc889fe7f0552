import { button, create, setShare, setText, show } from '../dom';
import { firstUsable, type Region, type Shown } from '../region';
import { recoveredInWords, stepsInWords, troubleInWords } from '../words';
import { LossLine } from './chart';

export interface TrainingActions {
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
}

/** Why a run stands still, for people. Nobody has to be told that they have paused it. */
const REASONS: Readonly<Record<string, string>> = {
  hidden: 'It waits until this page is seen again.',
  busy: 'It waits until you have a moment.',
  frozen: 'The browser has put this page to sleep.',
  lock: 'It waits for another tab.',
};

/** A run, while there is one. */
export class Training implements Region {
  readonly root: HTMLElement;
  readonly #bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Learning' } });
  readonly #text = create('p', { className: 'quiet' });
  readonly #reason = create('p', { className: 'quiet' });
  readonly #note = create('p', { className: 'quiet', attributes: { role: 'status' } });
  readonly #line: LossLine;
  readonly #pause: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  #isPaused = false;

  /** `lessons`: what it learns from, for people. */
  constructor({ pause, resume, stop }: TrainingActions, lessons: string) {
    this.#line = new LossLine(lessons);
    this.#pause = button('Pause', () => (this.#isPaused ? resume() : pause()));
    this.#stop = button('Stop here', stop);
    const actions = create('div', { className: 'actions' }, this.#pause, this.#stop);
    this.root = create(
      'div',
      { className: 'training stack' },
      this.#bar,
      this.#text,
      this.#reason,
      this.#note,
      this.#line.root,
      actions,
    );
  }

  update({ learner }: Shown): void {
    const { run, paused, recovered } = learner;
    show(this.root, run !== undefined);
    if (run === undefined) return;
    const { state } = run;
    this.#isPaused = paused === 'user';
    setText(this.#text, stepsInWords(state));
    setShare(this.#bar, state.max_steps > 0 ? state.global_step / state.max_steps : undefined);
    const reason = paused === undefined ? undefined : REASONS[paused];
    show(this.#reason, reason !== undefined);
    setText(this.#reason, reason ?? '');
    const trouble = troubleInWords(learner.session?.state);
    const note = trouble ?? (recovered === undefined ? '' : recoveredInWords(recovered));
    show(this.#note, note !== '');
    setText(this.#note, note);
    setText(this.#pause, this.#isPaused ? 'Go on' : 'Pause');
    this.#line.update(
      state.log_history.map(({ loss }) => loss),
      state.max_steps,
    );
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#pause, this.#stop);
  }
}
