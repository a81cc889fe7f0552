import { type ClassesApp, changeSet, removeRow } from '../classes/app';
import { type ClassOf, moveSample, type Sample } from '../classes/class_set';
import { canChange } from '../classes/state';
import { byId, create, onClick, setText } from '../page/dom';

/** The most characters of a message in the labels of its controls for screen readers. */
const NAMED_BY = 40;

/** A message, its class, and a button that removes it. */
export class MessageRow {
  readonly root: HTMLLIElement;
  readonly #app: ClassesApp<string>;
  readonly #text = create('p', { className: 'message-text', dir: 'auto' });
  readonly #class = create('select');
  readonly #remove = create('button', { type: 'button', className: 'small', textContent: '×' });
  #classes: readonly ClassOf[] = [];

  constructor(app: ClassesApp<string>, id: number) {
    this.#app = app;
    this.#class.addEventListener('change', () =>
      changeSet(app, (set) => moveSample(set, id, Number(this.#class.value))),
    );
    onClick(this.#remove, () => removeRow(app, this.root, id, byId('samples-title', 'h2')));
    this.root = create('li', { className: 'message' }, this.#text, this.#class, this.#remove);
  }

  update({ content, classId }: Sample<string>): void {
    const state = this.#app.store.value;
    const { classes } = state.set;
    if (this.#classes !== classes) {
      this.#class.replaceChildren(...classOptions(classes));
      this.#classes = classes;
    }
    const named = content.length > NAMED_BY ? `${content.slice(0, NAMED_BY)}…` : content;
    setText(this.#text, content);
    this.#class.setAttribute('aria-label', `Class of ${named}`);
    this.#remove.setAttribute('aria-label', `Remove ${named}`);
    this.#class.value = String(classId);
    for (const control of [this.#class, this.#remove]) control.disabled = !canChange(state);
  }
}

export function classOptions(classes: readonly ClassOf[]): HTMLOptionElement[] {
  return classes.map(({ id, name }) => create('option', { value: String(id), textContent: name.trim() || 'no name' }));
}
