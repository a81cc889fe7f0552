import { counted } from '../../../src/parts/words';
import { type Arrivals, type ClassesApp, takeSamples } from '../classes/app';
import { canChange } from '../classes/state';
import { evenlyOfBoth } from '../library/evenly';
import { act } from '../page/act';
import { type ChosenFiles, onDrop, onFiles } from '../page/chosen_files';
import { byId, onClick, setText, show } from '../page/dom';
import { landOn } from '../page/focus';
import { KeyedRows } from '../page/keyed_rows';
import { classOptions, MessageRow } from './message_row';
import { linesOf, readMessages } from './read_messages';
import { starterMessages } from './starter';

/** Lists the messages, and adds messages that are typed, pasted, read from files, or examples. */
export function messagesCard(app: ClassesApp<string>): void {
  const { store, kind } = app;
  const [text, into] = [byId('new-text', 'textarea'), byId('new-class', 'select')];
  const [add, sample] = [byId('add-messages', 'button'), byId('use-sample', 'button')];
  const [pick, pickFolder] = [byId('pick-files', 'button'), byId('pick-folder', 'button')];
  const rows = new KeyedRows(byId('messages', 'ul'), (id: number) => new MessageRow(app, id));

  const take = (arrivals: Arrivals<string>, note = ''): void =>
    takeSamples(app, arrivals, into.value === '' ? undefined : Number(into.value), note);
  const takeFiles = ({ all: read }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const { labelled, lines, leftOut } = await readMessages(await read());
      const room = kind.most - store.value.set.samples.length;
      const all = labelled.length + lines.length;
      const [some, others] = evenlyOfBoth(labelled, lines, room);
      const note = leftOut > 0 ? `Left out: ${counted(leftOut, 'item')} without text or class.` : '';
      take({ labelled: some, others, all }, note);
    });

  byId('add-form', 'form').addEventListener('submit', (event) => {
    event.preventDefault();
    const lines = linesOf(text.value);
    const { set } = store.value;
    take({ labelled: [], others: lines, all: lines.length });
    if (store.value.set === set) return; // the text stays, as it couldn't be added
    text.value = '';
    text.focus();
    render();
  });
  text.addEventListener('input', () => render());
  onClick(sample, () => {
    take({ labelled: starterMessages, others: [], all: starterMessages.length });
    landOn(byId('samples-title', 'h2')); // the button is hidden now
  });
  onFiles(pick, byId('message-files', 'input'), takeFiles);
  onFiles(pickFolder, byId('message-folder', 'input'), takeFiles);
  onDrop(byId('samples-card', 'section'), () => canChange(store.value), takeFiles);

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
    if (set === before.set && state !== before) {
      if (canChange(state) !== canChange(before)) rows.refresh();
      return;
    }
    rows.show(new Map([...set.samples].reverse().map((one) => [one.id, one])));
    show(byId('messages', 'ul'), set.samples.length > 0);
    show(sample, set.samples.length === 0);
    setText(byId('messages-count', 'span'), counted(set.samples.length, kind.thing));
    const chosen = into.value;
    into.replaceChildren(...classOptions(set.classes));
    if (set.classes.some(({ id }) => String(id) === chosen)) into.value = chosen;
  });
}
