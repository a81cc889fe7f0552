import { Confirm } from './confirm';
import { button, create, setShare, setText, show, slot } from './dom';
import { firstUsable, type Region, type Shown } from './region';
import { loadingInWords } from './words';

interface IntroActions {
  readonly load: () => void;
  readonly stop: () => void;
  readonly forget: () => void;
}

/** What is kept may be the fault: it can't be read, or it is another model's. */
const KEPT_IN_THE_WAY = ['storage_corrupt', 'invalid_argument'];

/** Before anything is downloaded, and while it is. */
export class Intro implements Region {
  readonly root: HTMLElement;
  readonly #name = create('strong');
  readonly #consent: HTMLElement;
  readonly #start: HTMLButtonElement;
  readonly #forget: HTMLButtonElement;
  readonly #actions: HTMLElement;
  readonly #confirm: Confirm;
  readonly #loading: HTMLElement;
  readonly #bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Loading the model' } });
  readonly #text = create('p', { className: 'quiet' });
  readonly #cancel: HTMLButtonElement;

  /** `kind`: of the model, for people. */
  constructor({ load, stop, forget }: IntroActions, kind: string) {
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
    this.#actions = create('div', { className: 'actions' }, this.#start, this.#forget);
    this.#confirm = new Confirm(
      (isOpen) => show(this.#actions, !isOpen),
      (answer) => {
        if (answer) forget();
        this.#start.focus();
      },
    );
    this.#consent = create('div', { className: 'stack' }, slot('consent', promise), this.#actions, this.#confirm.root);
    this.#loading = create(
      'div',
      { className: 'stack' },
      this.#bar,
      this.#text,
      create('div', { className: 'actions' }, this.#cancel),
    );
    this.root = create('div', { className: 'intro' }, this.#consent, this.#loading);
  }

  update({ learner, name, progress }: Shown): void {
    const { state, error } = learner.status;
    const isLoading = state === 'loading';
    show(this.#consent, state === 'idle' || state === 'error');
    show(this.#loading, isLoading);
    setText(this.#name, name);
    const isAttribute = error?.detail.attribute !== undefined;
    show(this.#forget, error !== undefined && KEPT_IN_THE_WAY.includes(error.code) && !isAttribute);
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
