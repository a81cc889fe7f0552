import { onChosen } from '../../parts/files';
import { Confirm } from './confirm';
import { button, buttons, create, filePicker, quiet, setText, show, stack } from './panel_elements';
import { keptInWords, learntInWords } from './panel_words';
import { type Actions, firstUsable, type Region, type Shown } from './region';

/** The stored profile: its size, its history, and the buttons to undo, export, import and forget it. */
export class Kept implements Region {
  readonly root: HTMLElement;
  readonly #summary = create('p');
  readonly #learnt = quiet();
  readonly #rollback: HTMLButtonElement;
  readonly #export: HTMLButtonElement;
  readonly #import: HTMLButtonElement;
  readonly #forget: HTMLButtonElement;
  readonly #confirm: Confirm;

  constructor(actions: Actions) {
    const picker = filePicker('.json,.jsonl,.safetensors,.npy', true);
    this.#rollback = button('Undo the last lesson', actions.rollback);
    this.#export = button('Export', actions.export);
    this.#import = button('Import…', () => picker.click());
    this.#forget = button('Forget everything…', () => this.#confirm.ask(), 'danger');
    const row = buttons(this.#rollback, this.#export, this.#import, this.#forget, picker);
    this.#confirm = new Confirm(row, (answer) => {
      if (answer) actions.forget();
      else this.#forget.focus();
    });
    onChosen(picker, (...files) => actions.import(files));
    const heading = create('h3', {}, 'What it keeps');
    this.root = stack('kept', heading, this.#summary, this.#learnt, row, this.#confirm.root);
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
