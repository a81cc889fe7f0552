import type { AdapterInfo } from 'webvera';
import { formatBytes } from '../../../../src/parts/words';
import { adapterFromFiles } from '../../library/model_files';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { type ChosenFiles, onDrop, onFiles } from '../../page/chosen_files';
import { byId, setText, show } from '../../page/dom';
import { formatDate } from '../../page/format';
import { KeyedRows } from '../../page/keyed_rows';
import type { App } from '../app';
import { downloadVoice } from '../outcome/outcome_card';
import { copyLink } from '../share/share_card';
import { type AppState, fits, isQuiet, ownIds, whereKept } from '../state';
import { ownKey } from '../voices';
import { askBeforeLeaving } from './ask_before_leaving';
import { KeptRow, type RowState } from './kept_row';

const LOST = 'This browser stores nothing for this page. Download the voices that you want to keep.';

/**
 * Lists the voices (adapters that write in somebody's style) in this browser, with buttons for each, and opens voices from files.
 * `write` writes texts with the chosen voice.
 */
export function keptCard(app: App, write: () => Promise<void>): void {
  const { store, rack, confirm, banner } = app;
  const list = byId('kept-list', 'ul');
  const pickButton = byId('pick-adapter', 'button');
  const openName = byId('import-name', 'input');

  const use = async (id: string): Promise<void> => {
    banner.clear();
    store.set({ voice: ownKey(id) });
    byId('try-card', 'section').scrollIntoView({ block: 'start' });
    await write();
  };
  const download = (id: string): Promise<void> => act(app, () => downloadVoice(app, id));
  const share = (id: string, button: HTMLButtonElement): Promise<void> => act(app, () => copyLink(app, id, button));
  const remove = async (id: string): Promise<void> => {
    const text = 'It is removed from this browser. There is no way back, unless you have downloaded it.';
    if (!(await confirm.ask({ title: `Delete “${id}”?`, text, yes: 'Delete', no: 'Keep' }))) return;
    await act(app, () => rack.delete(id));
    if (document.activeElement === document.body) byId('import', 'details').querySelector('summary')?.focus();
  };
  const openFiles = ({ files }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const chosen = adapterFromFiles(files);
      const id = await rack.freeName(openName.value.trim() || 'opened');
      await rack.import(chosen, id);
      openName.value = '';
      announce(`${id} is opened.`);
    });
  const save = (id: string): Promise<void> =>
    act(app, async () => {
      const held = store.value.unsaved.find((voice) => voice.id === id);
      if (held !== undefined) announce(`${await rack.keep(held)} is saved.`);
    });

  const rows = new KeyedRows(list, (id: string) => new KeptRow(id, { use, download, copyLink: share, remove, save }));
  askBeforeLeaving(app);
  onFiles(pickButton, byId('adapter-files', 'input'), openFiles);
  onDrop(byId('kept-card', 'section'), () => isQuiet(store.value), openFiles);

  store.watch((state: AppState) => {
    const shown = new Map(ownIds(state).map((id) => [id, stateOf(id, state)] as const));
    rows.show(shown);
    show(list, shown.size > 0);
    show(byId('kept-empty', 'p'), shown.size === 0);
    setText(byId('kept-title', 'h2'), `Kept ${whereKept(state)}`);
    setText(byId('kept-empty', 'p'), state.isMemoryOnly ? LOST : 'Voices that you teach stay here, and nowhere else.');
    pickButton.disabled = !isQuiet(state);
  });
}

function stateOf(id: string, state: AppState): RowState {
  const info = state.saved.find((adapter) => adapter.id === id);
  return {
    facts: info === undefined ? 'Not saved yet' : factsOf(info),
    unsaved: info === undefined,
    canChange: isQuiet(state),
    otherBase: otherBase(info, state),
  };
}

function factsOf({ bytes, created_at, base_model }: AdapterInfo): string {
  const made = base_model === null ? [] : [`for ${base_model}`];
  return [formatBytes(bytes), formatDate(created_at), ...made].join(' · ');
}

function otherBase(info: AdapterInfo | undefined, state: AppState): string | undefined {
  return info === undefined || fits(info, state) ? undefined : (info.base_model ?? undefined);
}
