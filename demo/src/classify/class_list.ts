import { counted } from '../../../src/parts/words';
import type { ClassesApp } from '../classes/app';
import { ClassField, classControls } from '../classes/class_field';
import { type ClassOf, samplesOf } from '../classes/class_set';
import { byId, create, setText } from '../page/dom';
import { KeyedRows } from '../page/keyed_rows';

/** Lists the classes, with their names to edit and the number of their messages. */
export function classList(app: ClassesApp<string>): void {
  const { store, kind } = app;
  const list = byId('classes', 'ul');
  const rows = new KeyedRows(list, (id: number) => {
    const field = new ClassField(app, id);
    const count = create('span', { className: 'facts' });
    const update = (one: ClassOf): void => {
      field.update(one);
      setText(count, counted(samplesOf(store.value.set, id).length, kind.thing));
    };
    return { root: create('li', { className: 'class-row' }, field.input, count, field.removeButton), update };
  });
  store.watch(({ set }) => rows.show(new Map(set.classes.map((one) => [one.id, one]))));
  classControls(app, list);
}
