import { checkDevice } from '../library/device';
import { Sessions } from '../library/sessions';
import { Banner } from '../page/banner';
import { refuseStrayDrops } from '../page/chosen_files';
import { Confirm } from '../page/confirm';
import { showDevice } from '../page/device_note';
import { Store } from '../page/store';
import { AdapterRack } from './adapters/adapter_rack';
import { adaptersCard } from './adapters/adapters_card';
import type { App } from './app';
import { modelCard } from './model_card';
import { samplesCard } from './samples_card';
import { initialState } from './state';
import { textCard } from './text_card';
import { memoryNote } from './training/memory_note';
import { SettingsForm } from './training/settings_form';
import { trainCard } from './training/train_card';

const app = createApp();
modelCard(app);
textCard(app);
const samples = samplesCard(app);
const settingsForm = new SettingsForm(app);
memoryNote(app, settingsForm);
trainCard(app, settingsForm, () => void samples.write());
adaptersCard(app);
app.store.watch(({ device }) => showDevice(device));
refuseStrayDrops();

app.store.set({ device: await checkDevice() });
await app.rack.refresh().catch((error: unknown) => app.banner.report(error));

function createApp(): App {
  const store = new Store(initialState);
  const banner = new Banner();
  const dropModel = (): void => {
    const { model } = store.value;
    rack.forget();
    store.set({ model: undefined });
    model?.base.dispose().catch(() => {}); // the session may have ended, with the model
  };
  const sessions = new Sessions({
    onWarning: (code, message) => {
      // Other warnings are PEFT's, for developers.
      if (code === 'storage_unavailable') banner.show('note', message, 'Export what you want to keep.');
      else console.info(`${message} (${code})`);
    },
    onTrouble: (trouble) => store.set({ trouble }),
    onFailed: (message) => {
      if (store.value.phase !== 'idle') return rack.forget(); // the run recovers, with its model
      dropModel();
      banner.show('error', message, 'Load the model again.');
    },
    onClosed: dropModel,
  });
  const rack = new AdapterRack(store, sessions);
  return { store, sessions, rack, banner, confirm: new Confirm(), dropModel };
}
