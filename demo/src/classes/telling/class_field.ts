import { counted } from '../../../../src/parts/words';
import { byId, create, onClick, setText } from '../../page/dom';
import { type ClassesApp, changeSet } from '../app';
import {
  addClass,
  type ClassOf,
  freeClassName,
  LONGEST_NAME,
  nameProblem,
  namesProblem,
  removeClass,
  renameClass,
  samplesOf,
} from '../class_set';
import { canChange } from '../state';

/** An editable name of a class, and the button that removes the class. */
export class ClassField<Content> {
  readonly input = create('input', { dir: 'auto', maxLength: LONGEST_NAME, autocomplete: 'off', spellcheck: false });
  readonly removeButton = create('button', { type: 'button', className: 'small', textContent: '×' });
  readonly #app: ClassesApp<Content>;

  constructor(app: ClassesApp<Content>, id: number) {
    this.#app = app;
    this.input.addEventListener('input', () => changeSet(app, (set) => renameClass(set, id, this.input.value)));
    onClick(this.removeButton, async () => {
      const { set } = app.store.value;
      const name = set.classes.find((one) => one.id === id)?.name ?? '';
      const count = samplesOf(set, id).length;
      const text = `${counted(count, app.kind.thing)} ${count === 1 ? 'goes' : 'go'} with it.`;
      const question = { title: `Remove “${name}”?`, text, yes: 'Remove', no: 'Keep' };
      if (count > 0 && !(await app.confirm.ask(question))) return;
      changeSet(app, (now) => removeClass(now, id));
      byId('add-class', 'button').focus();
    });
  }

  update({ id, name }: ClassOf): void {
    const state = this.#app.store.value;
    if (this.input.value !== name) this.input.value = name;
    this.input.setAttribute('aria-label', `Name of the class ${name}`);
    this.input.setAttribute('aria-invalid', String(nameProblem(state.set, id) !== ''));
    this.removeButton.setAttribute('aria-label', `Remove the class ${name}`);
    this.input.disabled = !canChange(state);
    this.removeButton.disabled = !canChange(state);
  }
}

/** Sets up the button that adds a class to the page's list, and shows the problem with the classes' names, if any. */
export function classControls<Content>(app: ClassesApp<Content>, list: HTMLElement): void {
  const add = byId('add-class', 'button');
  onClick(add, () => {
    const { set: before } = app.store.value;
    changeSet(app, (set) => addClass(set, freeClassName(set)));
    if (app.store.value.set === before) return; // there is no room for a class
    const input = list.lastElementChild?.querySelector('input');
    input?.focus();
    input?.select();
  });
  app.store.watch((state) => {
    add.disabled = !canChange(state);
    setText(byId('classes-problem', 'p'), namesProblem(state.set));
  });
}
