import type { App } from './app';
import { AdapterRack } from './library/adapter_rack';
import { checkDevice } from './library/device';
import { Sessions } from './library/sessions';
import { initialState } from './state';
import { Store } from './store';
import { adaptersCard } from './ui/adapters_card';
import { Banner } from './ui/banner';
import { Confirm } from './ui/confirm';
import { deviceNote } from './ui/device_note';
import { refuseStrayDrops } from './ui/drop_zone';
import { memoryNote } from './ui/memory_note';
import { modelCard } from './ui/model_card';
import { samplesCard } from './ui/samples_card';
import { SettingsForm } from './ui/settings_form';
import { textCard } from './ui/text_card';
import { trainCard } from './ui/train_card';

const app = createApp();
modelCard(app);
textCard(app);
const samples = samplesCard(app);
const settingsForm = new SettingsForm(app);
memoryNote(app, settingsForm);
trainCard(app, settingsForm, () => void samples.write());
adaptersCard(app);
deviceNote(app);
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
    model?.base.dispose().catch(() => {}); // the session may be gone, and the model with it
  };
  const sessions = new Sessions({
    onWarning: (code, message) => {
      // The others are PEFT's, for those who write the configuration by hand.
      if (code === 'storage_unavailable') banner.show('note', message, 'Export what you want to keep.');
      else console.info(`${message} (${code})`);
    },
    onTrouble: (trouble) => store.set({ trouble }),
    onFailed: (message) => {
      if (store.value.phase !== 'idle') return rack.forget(); // the run goes on by itself, and its model with it
      dropModel();
      banner.show('error', message, 'Load the model again.');
    },
    onClosed: dropModel,
  });
  const rack = new AdapterRack(store, sessions);
  return { store, sessions, rack, banner, confirm: new Confirm(), dropModel };
}
