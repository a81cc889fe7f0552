import type { ClassesApp } from '../classes/app';
import { changeSet } from '../classes/app';
import { type ClassOf, moveSample, removeSample, type Sample } from '../classes/class_set';
import { canChange } from '../classes/state';
import { create, onClick, setText } from '../page/dom';

/** Characters of a message by which its controls are named. */
const NAMED_BY = 40;

/** A message, its class, and a button that removes it. What it says is only ever set as text. */
export class MessageRow {
  readonly root: HTMLLIElement;
  readonly #app: ClassesApp<string>;
  readonly #text = create('p', { className: 'message-text' });
  readonly #class = create('select');
  readonly #remove = create('button', { type: 'button', className: 'small', textContent: '×' });
  #classes: readonly ClassOf[] = [];

  constructor(app: ClassesApp<string>, id: number) {
    this.#app = app;
    this.#class.addEventListener('change', () =>
      changeSet(app, (set) => moveSample(set, id, Number(this.#class.value))),
    );
    onClick(this.#remove, () => {
      const next = this.root.nextElementSibling ?? this.root.previousElementSibling;
      changeSet(app, (set) => removeSample(set, id));
      next?.querySelector('button')?.focus();
    });
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
