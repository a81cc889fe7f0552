import { act } from '../app';
import { type ClassesApp, changeSet } from '../classes/app';
import { addLabelled, addSamples, type ClassSet } from '../classes/class_set';
import { countOf } from '../classes/kind';
import { canChange } from '../classes/state';
import { evenly } from '../library/evenly';
import { announce } from '../ui/announcer';
import { byId, onClick, show } from '../ui/dom';
import { onDrop } from '../ui/drop_zone';
import { onFiles } from '../ui/file_picker';
import { KeyedRows } from '../ui/keyed_rows';
import { classList } from './class_list';
import { classOptions, MessageRow } from './message_row';
import { linesOf, readMessages } from './read_messages';
import { starterMessages } from './starter';

/** Takes messages: typed, pasted, from files, or those to begin with; and lets their classes be changed. */
export function messagesCard(app: ClassesApp<string>): void {
  const { store, banner, kind } = app;
  const [text, into] = [byId('new-text', 'textarea'), byId('new-class', 'select')];
  const [add, sample] = [byId('add-messages', 'button'), byId('use-sample', 'button')];
  const [pick, pickFolder] = [byId('pick-files', 'button'), byId('pick-folder', 'button')];
  const rows = new KeyedRows(byId('messages', 'ul'), (id: number) => new MessageRow(app, id));

  /** Changes the set, and tells how many came. */
  const take = (change: (set: ClassSet<string>) => ClassSet<string>): void => {
    const before = store.value.set.samples.length;
    changeSet(app, change);
    announce(`${countOf(kind, store.value.set.samples.length - before)} added.`);
  };
  const takeFiles = (files: () => Promise<ReadonlyMap<string, File>>): Promise<void> =>
    act(app, async () => {
      const read = await readMessages(await files());
      const room = kind.most - store.value.set.samples.length;
      const [labelled, lines] = [evenly(read.labelled, room), evenly(read.lines, room)];
      const classId = Number(into.value);
      take((set) => {
        const more = labelled.length === 0 ? set : addLabelled(set, labelled);
        return lines.length === 0 ? more : addSamples(more, classId, lines);
      });
      const all = read.labelled.length + read.lines.length;
      const taken = labelled.length + lines.length;
      if (taken < all)
        banner.show('note', `There is room for ${countOf(kind, taken)} of these ${all}. They are taken evenly.`);
    });

  classList(app);
  byId('add-form', 'form').addEventListener('submit', (event) => {
    event.preventDefault();
    const lines = linesOf(text.value);
    if (lines.length > 0) take((set) => addSamples(set, Number(into.value), lines));
    text.value = '';
    text.focus();
    render();
  });
  text.addEventListener('input', () => render());
  onClick(sample, () => take((set) => addLabelled(set, starterMessages)));
  onFiles(pick, byId('message-files', 'input'), (files) => takeFiles(async () => files));
  onFiles(pickFolder, byId('message-folder', 'input'), (files) => takeFiles(async () => files));
  onDrop(
    byId('samples-card', 'section'),
    () => canChange(store.value),
    ({ all }) => void takeFiles(all),
  );

  function render(): void {
    const state = store.value;
    const isOpen = canChange(state);
    for (const button of [sample, pick, pickFolder]) button.disabled = !isOpen;
    text.readOnly = !isOpen;
    into.disabled = !isOpen || state.set.classes.length === 0;
    add.disabled = into.disabled || text.value.trim() === '';
  }
  store.watch((state, before) => {
    const { set } = state;
    render();
    if (set === before.set && canChange(state) === canChange(before) && state !== before) return;
    rows.show(new Map([...set.samples].reverse().map((one) => [one.id, one])));
    show(byId('messages', 'ul'), set.samples.length > 0);
    const chosen = into.value;
    into.replaceChildren(...classOptions(set.classes));
    if (set.classes.some(({ id }) => String(id) === chosen)) into.value = chosen;
  });
}
