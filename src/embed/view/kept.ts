import { Confirm } from './confirm';
import { button, create, setText, show } from './dom';
import { firstUsable, type Region, type Shown } from './region';
import { keptInWords, learntInWords } from './words';

interface KeptActions {
  readonly rollback: () => void;
  readonly export: () => void;
  readonly import: (files: readonly File[]) => void;
  readonly forget: () => void;
}

/** What is kept of it all, and what can be done with that. */
export class Kept implements Region {
  readonly root: HTMLElement;
  readonly #summary = create('p');
  readonly #learnt = create('p', { className: 'quiet' });
  readonly #picker = create('input', {
    type: 'file',
    multiple: true,
    hidden: true,
    accept: '.json,.jsonl,.safetensors,.npy',
  });
  readonly #rollback: HTMLButtonElement;
  readonly #export: HTMLButtonElement;
  readonly #import: HTMLButtonElement;
  readonly #forget: HTMLButtonElement;
  readonly #actions: HTMLElement;
  readonly #confirm: Confirm;

  constructor(actions: KeptActions) {
    this.#rollback = button('Undo the last lesson', actions.rollback);
    this.#export = button('Export', actions.export);
    this.#import = button('Import…', () => this.#picker.click());
    this.#forget = button('Forget everything…', () => this.#confirm.ask(), 'danger');
    this.#actions = create(
      'div',
      { className: 'actions' },
      this.#rollback,
      this.#export,
      this.#import,
      this.#forget,
      this.#picker,
    );
    this.#confirm = new Confirm(
      (isOpen) => show(this.#actions, !isOpen),
      (answer) => {
        if (answer) actions.forget();
        else this.#forget.focus();
      },
    );
    this.#picker.addEventListener('change', () => {
      const files = [...(this.#picker.files ?? [])];
      this.#picker.value = '';
      if (files.length > 0) actions.import(files);
    });
    this.root = create(
      'div',
      { className: 'kept stack' },
      create('h3', {}, 'What it keeps'),
      this.#summary,
      this.#learnt,
      this.#actions,
      this.#confirm.root,
    );
  }

  update({ learner: { profile, run } }: Shown): void {
    const info = profile?.info;
    const history = info?.history ?? [];
    const hasAny = info !== undefined && (info.seen > 0 || history.length > 0);
    setText(this.#summary, keptInWords(info));
    setText(this.#learnt, learntInWords(history));
    show(this.#learnt, history.length > 0);
    show(this.#rollback, info?.can_roll_back === true && run === undefined);
    show(this.#export, hasAny);
    show(this.#import, run === undefined);
    show(this.#forget, hasAny);
    if (!hasAny) this.#confirm.close();
  }

  landing(): HTMLElement | undefined {
    return firstUsable(this.#confirm.landing, this.#forget, this.#export, this.#import);
  }
}
