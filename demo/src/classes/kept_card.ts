import { saveFiles } from '../../../src/parts/files';
import { counted, formatBytes } from '../../../src/parts/words';
import { act } from '../page/act';
import { announce } from '../page/announcer';
import { byId, onClick, setText, show } from '../page/dom';
import { landOn } from '../page/focus';
import { formatDate } from '../page/format';
import type { ClassesApp } from './app';
import type { Kind } from './kind';
import { type ClassesState, canChange } from './state';

/** Shows the stored data, with buttons to export or delete it. `wipe` deletes all of it. */
export function keptCard<Content>(app: ClassesApp<Content>, wipe: () => Promise<void>): void {
  const { store, kind, confirm } = app;
  const refused = byId('kept-refused', 'p');
  const [exportButton, wipeButton] = [byId('export', 'button'), byId('wipe', 'button')];
  onClick(exportButton, () => {
    const { learnt } = store.value;
    if (learnt !== undefined) saveFiles(new Map(Object.entries(learnt.files)));
  });
  onClick(wipeButton, async () => {
    const title = 'Wipe it all?';
    const text = `All ${kind.things}, and what was learnt from them, are removed from this browser. There is no way back.`;
    if (!(await confirm.ask({ title, text, yes: 'Wipe', no: 'Keep' }))) return;
    await act(app, async () => {
      await wipe();
      announce('All is wiped.');
    });
    landOn(byId('samples-title', 'h2')); // the button is disabled now
  });
  store.watch((state) => {
    exportButton.disabled = state.learnt === undefined;
    wipeButton.disabled = !canChange(state) || (state.learnt === undefined && state.set.samples.length === 0);
    setText(byId('kept-text', 'p'), keptText(state, kind));
    setText(refused, state.storingFailed ? refusedText(kind) : '');
    show(refused, state.storingFailed);
  });
}

function refusedText({ things }: Pick<Kind<unknown>, 'things'>): string {
  return `This browser refuses to store your latest changes: closing the page loses them. “Download” keeps what was learnt, but not the ${things}.`;
}

function keptText(
  { learnt, set, isStale }: ClassesState<unknown>,
  kind: Pick<Kind<unknown>, 'thing' | 'things'>,
): string {
  const count = set.samples.length;
  if (learnt === undefined) {
    return count === 0 ? 'There is nothing yet.' : `${counted(count, kind.thing)}, from which nothing is learnt yet.`;
  }
  const bytes = Object.values(learnt.files).reduce((sum, file: Blob) => sum + file.size, 0);
  const names = new Intl.ListFormat('en').format(learnt.labels.map((label) => `“${label}”`));
  const changed = isStale ? ` The ${kind.things} have changed since.` : '';
  return `Tells ${names} apart: a file of ${formatBytes(bytes)}, learnt ${formatDate(learnt.at)} from ${counted(learnt.samples, kind.thing)}.${changed}`;
}
