import { create, newButton, setText, show } from '../../page/dom';

export interface RowActions {
  use(id: string): void;
  download(id: string): void;
  copyLink(id: string, button: HTMLButtonElement): void;
  remove(id: string): void;
  save(id: string): void;
}

export interface RowState {
  readonly facts: string;
  readonly unsaved: boolean;
  readonly canChange: boolean;
  /** The name of the voice's base model, if another model is in use. */
  readonly otherBase: string | undefined;
}

/** A row of the list of voices (adapters that write in somebody's style). The voice's name may come from a stranger's file. */
export class KeptRow {
  readonly root: HTMLLIElement;
  readonly #save: HTMLButtonElement;
  readonly #buttons: readonly HTMLButtonElement[];
  readonly #facts = create('span', { className: 'facts' });
  readonly #note = create('span', { className: 'facts' });

  constructor(id: string, actions: RowActions) {
    type Action = (id: string, button: HTMLButtonElement) => void;
    const button = (text: string, action: Action, className = ''): HTMLButtonElement => {
      const attributes = { 'aria-label': `${text} ${id}` };
      const made = newButton(text, () => action(id, made), { className, attributes });
      return made;
    };
    this.#save = button('Save', actions.save);
    this.#buttons = [
      button('Write with it', actions.use),
      this.#save,
      button('Copy link', actions.copyLink),
      button('Download', actions.download),
      button('Delete', actions.remove, 'danger'),
    ];
    const about = create('div', { className: 'about' }, create('strong', { textContent: id }), this.#facts, this.#note);
    const buttons = create('div', { className: 'actions' }, ...this.#buttons);
    this.root = create('li', { className: 'adapter' }, about, buttons);
    this.root.dataset.id = id;
  }

  update({ facts, unsaved, canChange, otherBase }: RowState): void {
    setText(this.#facts, facts);
    setText(this.#note, otherBase === undefined ? '' : `Learnt over ${otherBase}: it may not fit the model in use.`);
    show(this.#note, otherBase !== undefined);
    show(this.#save, unsaved);
    for (const button of this.#buttons) button.disabled = !canChange;
  }
}
