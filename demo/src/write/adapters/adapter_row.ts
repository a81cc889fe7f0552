import { create, newButton, setText, show } from '../../page/dom';

export interface RowActions {
  toggle(id: string): void;
  exportFiles(id: string): void;
  remove(id: string): void;
  save(id: string): void;
}

export interface RowState {
  readonly facts: string;
  readonly on: boolean;
  readonly unsaved: boolean;
  readonly canSwitch: boolean;
  readonly canChange: boolean;
  /** The adapter's model, if another one is loaded. */
  readonly otherBase: string | undefined;
}

/** An adapter of the list. Its name may come from a stranger's file. */
export class AdapterRow {
  readonly root: HTMLLIElement;
  readonly #toggle: HTMLButtonElement;
  readonly #save: HTMLButtonElement;
  readonly #export: HTMLButtonElement;
  readonly #delete: HTMLButtonElement;
  readonly #facts = create('span', { className: 'facts' });
  readonly #note = create('span', { className: 'facts' });

  constructor(id: string, actions: RowActions) {
    const button = (text: string, action: (id: string) => void, className = ''): HTMLButtonElement =>
      newButton(text, () => action(id), { className, attributes: { 'aria-label': `${text} ${id}` } });
    this.#toggle = newButton('', () => actions.toggle(id), {
      className: 'switch',
      attributes: { role: 'switch', 'aria-label': `Use ${id}` },
    });
    this.#save = button('Save', actions.save);
    this.#export = button('Export', actions.exportFiles);
    this.#delete = button('Delete', actions.remove, 'danger');
    const about = create('div', { className: 'about' }, create('strong', { textContent: id }), this.#facts, this.#note);
    const buttons = create('div', { className: 'actions' }, this.#save, this.#export, this.#delete);
    this.root = create('li', { className: 'adapter' }, this.#toggle, about, buttons);
    this.root.dataset.id = id;
  }

  update({ facts, on, unsaved, canSwitch, canChange, otherBase }: RowState): void {
    setText(this.#facts, facts);
    setText(
      this.#note,
      otherBase === undefined ? '' : `Made for ${otherBase}: it may not fit the model that is loaded.`,
    );
    show(this.#note, otherBase !== undefined);
    this.#toggle.setAttribute('aria-checked', String(on));
    this.#toggle.disabled = !canSwitch;
    this.#toggle.title = canSwitch ? '' : 'Load a model first';
    show(this.#save, unsaved);
    for (const button of [this.#save, this.#export, this.#delete]) button.disabled = !canChange;
  }
}
