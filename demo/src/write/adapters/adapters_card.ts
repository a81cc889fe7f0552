import type { AdapterInfo } from 'webvera';
import { saveFiles } from '../../../../src/parts/files';
import { formatBytes } from '../../../../src/parts/words';
import { adapterFromFiles, freeName } from '../../library/model_files';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { type ChosenFiles, onDrop, onFiles } from '../../page/chosen_files';
import { byId, show } from '../../page/dom';
import { formatDate } from '../../page/format';
import { KeyedRows } from '../../page/keyed_rows';
import type { App } from '../app';
import { type AppState, isQuiet } from '../state';
import { AdapterRow, type RowState } from './adapter_row';

/** Lists the stored adapters: to switch on, export, delete and import them. */
export function adaptersCard(app: App): void {
  const { store, rack, confirm } = app;
  const list = byId('adapter-list', 'ul');
  const pickButton = byId('pick-adapter', 'button');
  const importName = byId('import-name', 'input');

  const toggle = (id: string): Promise<void> =>
    act(app, async () => {
      const on = store.value.active?.id === id;
      if (on) rack.switchOff();
      else await rack.switchOn(id);
      announce(`${id} is switched ${on ? 'off' : 'on'}.`);
    });
  const exportFiles = (id: string): Promise<void> =>
    act(app, async () => {
      const files = await rack.files(id);
      if (files !== undefined) saveFiles(new Map(Object.entries(files)));
    });
  const remove = async (id: string): Promise<void> => {
    const text = 'It is removed from this browser. There is no way back, unless you have exported it.';
    if (!(await confirm.ask({ title: `Delete “${id}”?`, text, yes: 'Delete', no: 'Keep' }))) return;
    await act(app, () => rack.delete(id));
    if (document.activeElement === document.body) byId('import', 'details').querySelector('summary')?.focus();
  };
  const importFiles = ({ files }: ChosenFiles): Promise<void> =>
    act(app, async () => {
      const chosen = adapterFromFiles(files);
      const id = freeName(importName.value.trim() || 'imported', ids(store.value));
      await rack.import(chosen, id);
      importName.value = '';
      announce(`${id} is imported.`);
    });
  const save = (id: string): Promise<void> =>
    act(app, async () => {
      const { unsaved } = store.value;
      if (unsaved?.id === id) await rack.keep(unsaved);
    });

  const rows = new KeyedRows(list, (id: string) => new AdapterRow(id, { toggle, exportFiles, remove, save }));
  onFiles(pickButton, byId('adapter-files', 'input'), importFiles);
  onDrop(byId('adapters-card', 'section'), () => isQuiet(store.value), importFiles);

  store.watch((state: AppState) => {
    const shown = new Map(ids(state).map((id) => [id, stateOf(id, state)] as const));
    rows.show(shown);
    show(byId('adapters-empty', 'p'), shown.size === 0);
    show(list, shown.size > 0);
    pickButton.disabled = !isQuiet(state);
  });
}

function stateOf(id: string, state: AppState): RowState {
  const info = state.saved.find((adapter) => adapter.id === id);
  return {
    facts: info === undefined ? 'Not saved yet' : factsOf(info),
    on: state.active?.id === id,
    unsaved: info === undefined,
    canSwitch: isQuiet(state) && state.model !== undefined,
    canChange: isQuiet(state),
    otherBase: otherBase(info, state),
  };
}

function ids({ saved, unsaved }: AppState): string[] {
  const known = [...saved].sort((a, b) => b.created_at - a.created_at).map(({ id }) => id);
  return unsaved === undefined || known.includes(unsaved.id) ? known : [unsaved.id, ...known];
}

function factsOf({ bytes, created_at, base_model, config }: AdapterInfo): string {
  const made = base_model === null ? [] : [`for ${base_model}`];
  return [formatBytes(bytes), formatDate(created_at), ...made, `rank ${config.r}`].join(' · ');
}

function otherBase(info: AdapterInfo | undefined, { model }: AppState): string | undefined {
  if (info?.base_model === undefined || info.base_model === null || model === undefined) return undefined;
  return info.base_model === model.name ? undefined : info.base_model;
}
