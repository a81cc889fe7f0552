import { counted } from '../../../src/parts/words';
import { type ClassesApp, changeSet } from '../classes/app';
import { ClassField } from '../classes/class_field';
import { addClass, type ClassOf, freeClassName, nameProblem, samplesOf } from '../classes/class_set';
import { canChange } from '../classes/state';
import { byId, create, onClick, setText } from '../page/dom';
import { KeyedRows } from '../page/keyed_rows';

/** The classes: their names, to be changed, and how much there is in each. */
export function classList(app: ClassesApp<string>): void {
  const { store, kind } = app;
  const list = byId('classes', 'ul');
  const add = byId('add-class', 'button');
  const rows = new KeyedRows(list, (id: number) => {
    const field = new ClassField(app, id);
    const count = create('span', { className: 'facts' });
    const update = (one: ClassOf): void => {
      field.update(one);
      setText(count, counted(samplesOf(store.value.set, id).length, kind.thing));
    };
    return { root: create('li', { className: 'class-row' }, field.input, count, field.removeButton), update };
  });
  onClick(add, () => {
    changeSet(app, (set) => addClass(set, freeClassName(set)));
    const input = list.lastElementChild?.querySelector('input');
    input?.focus();
    input?.select();
  });
  store.watch((state) => {
    const { classes } = state.set;
    rows.show(new Map(classes.map((one) => [one.id, one])));
    add.disabled = !canChange(state);
    const problem = classes.map(({ id }) => nameProblem(state.set, id)).find((text) => text !== '');
    setText(byId('classes-problem', 'p'), problem ?? '');
  });
}
