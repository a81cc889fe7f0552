import { Confirm } from './confirm';
import { button, buttons, create, quiet, setShare, setText, show, slot, stack } from './panel_elements';
import { loadingInWords } from './panel_words';
import { type Actions, firstUsable, type Region, type Shown } from './region';

/** Errors that a stored profile can cause: it is unreadable, or belongs to another model. Forgetting it helps. */
const CAUSED_BY_PROFILE = ['storage_corrupt', 'invalid_argument'];

/** The panel before the model is downloaded, and while it is. */
export class Intro implements Region {
  readonly root: HTMLElement;
  readonly #name = create('strong');
  readonly #consent: HTMLElement;
  readonly #start: HTMLButtonElement;
  readonly #forget: HTMLButtonElement;
  readonly #confirm: Confirm;
  readonly #loading: HTMLElement;
  readonly #bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Loading the model' } });
  readonly #text = quiet();
  readonly #cancel: HTMLButtonElement;

  /** `kind`: a description of the model for visitors. */
  constructor({ load, stop, forget }: Actions, kind: string) {
    const promise = create(
      'p',
      {},
      `This loads a ${kind}, `,
      this.#name,
      ', and runs it on this device. It learns from what you give it. Nothing of that leaves this page: what it keeps is kept in this browser, until you let it forget.',
    );
    this.#start = button('Load the model', load, 'primary');
    this.#cancel = button('Cancel', stop);
    this.#forget = button('Forget everything…', () => this.#confirm.ask(), 'danger');
    const row = buttons(this.#start, this.#forget);
    this.#confirm = new Confirm(row, (answer) => {
      if (answer) forget();
      this.#start.focus();
    });
    this.#consent = stack('', slot('consent', promise), row, this.#confirm.root);
    this.#loading = stack('', this.#bar, this.#text, buttons(this.#cancel));
    this.root = create('div', { className: 'intro' }, this.#consent, this.#loading);
  }

  update({ learner, name, progress }: Shown): void {
    const { state, error } = learner.status;
    const isLoading = state === 'loading';
    show(this.#consent, state === 'idle' || state === 'error');
    show(this.#loading, isLoading);
    setText(this.#name, name);
    const isAttribute = error?.detail.attribute !== undefined;
    show(this.#forget, error !== undefined && CAUSED_BY_PROFILE.includes(error.code) && !isAttribute);
    if (this.#forget.hidden) this.#confirm.close();
    setText(this.#start, state === 'error' ? 'Try again' : 'Load the model');
    if (!isLoading) return;
    const { text, share } = loadingInWords(progress);
    setText(this.#text, text);
    setShare(this.#bar, share);
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#cancel, this.#confirm.landing, this.#start);
  }
}
