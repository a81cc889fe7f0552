import { checkDevice } from '../library/device';
import { Sessions } from '../library/sessions';
import { Banner } from '../page/banner';
import { refuseStrayDrops } from '../page/chosen_files';
import { Confirm } from '../page/confirm';
import { showDevice } from '../page/device_note';
import { byId, show } from '../page/dom';
import { Store } from '../page/store';
import type { App } from './app';
import { keptCard } from './kept/kept_card';
import { modelCard } from './model/model_card';
import { Models } from './model/models';
import { offerCard } from './model/offer_card';
import { Rack } from './rack';
import { shareCard } from './share/share_card';
import { initialState } from './state';
import { memoryNote } from './teach/memory_note';
import { runCard } from './teach/run_card';
import { SettingsForm } from './teach/settings_form';
import { textBox } from './text/text_box';
import { deviceInWords } from './try/device_words';
import { pairCard } from './try/pair_card';
import { sealButton } from './try/seal';
import { mayStart, onceVisible } from './try/start_by_itself';

const app = createApp();
const pair = pairCard(app);
sealButton(app, pair);
const settingsForm = new SettingsForm(app);
memoryNote(app, settingsForm);
runCard(app, settingsForm, pair);
textBox(app);
modelCard(app, pair);
keptCard(app, () => pair.write());
shareCard(app, () => pair.write());
app.store.watch(({ device }) => {
  showDevice(device, deviceInWords);
  show(byId('faster', 'details'), device?.software === true);
});
refuseStrayDrops();

const device = await checkDevice();
app.store.set({ device });
if (mayStart(device)) onceVisible(byId('try-card', 'section'), () => void pair.write());
void offerCard(app, pair);
await app.rack.refresh().catch((error: unknown) => app.banner.report(error));

function createApp(): App {
  const store = new Store(initialState);
  const banner = new Banner();
  const sessions = new Sessions({
    onWarning: (code, message) => {
      // Other warnings, such as those about PEFT's configurations, are for developers.
      if (code === 'storage_unavailable') {
        store.set({ isMemoryOnly: true });
        banner.show('note', message, 'Download what you want to keep.');
      } else console.info(`${message} (${code})`);
    },
    onTrouble: (trouble) => store.set({ trouble }),
    onFailed: (message) => {
      if (store.value.phase !== 'idle') return rack.forget(); // the run recovers, with its model
      models.drop();
      const advice = store.value.isSealed
        ? 'Reload the page: without a network the model can’t be loaded again.'
        : 'Press the button again: the model is loaded again.';
      banner.show('error', message, advice);
    },
    onClosed: () => {
      models.drop();
      store.set({ isSealed: false });
    },
  });
  const rack = new Rack(store, sessions);
  const confirm = new Confirm();
  const models = new Models(store, sessions, rack, confirm);
  return { store, sessions, models, rack, banner, confirm };
}
