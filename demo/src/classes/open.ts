import { adapters } from 'webvera';
import { checkDevice } from '../library/device';
import { Sessions } from '../library/sessions';
import { Banner } from '../page/banner';
import { refuseStrayDrops } from '../page/chosen_files';
import { Confirm } from '../page/confirm';
import { showDevice } from '../page/device_note';
import { Store } from '../page/store';
import type { ClassesApp } from './app';
import { addLabelled } from './class_set';
import { Classifier } from './classifier';
import { keepChanges } from './keep_changes';
import { keptCard } from './kept_card';
import type { Kind } from './kind';
import { learnAtOnce } from './learn_at_once';
import { learnCard } from './learn_card';
import { Shelf } from './shelf';
import { beginning, type ClassesState } from './state';

/** Opens a page on which a model learns classes, with the data of earlier visits. `addCards` adds the page's own cards. */
export async function openClassesPage<Content>(
  kind: Kind<Content>,
  addCards: (app: ClassesApp<Content>) => void,
): Promise<void> {
  const store = new Store<ClassesState<Content>>({
    ...beginning<Content>(),
    device: undefined,
    loading: undefined,
    trouble: undefined,
    learning: false,
    learnFailed: false,
    refining: undefined,
    refinesInIdleTime: true,
    outcome: '',
    storingFailed: false,
    busy: false,
  });
  const banner = new Banner();
  const sessions = new Sessions({
    onWarning: (code, message) => console.info(`${message} (${code})`),
    onTrouble: (trouble) => store.set({ trouble }),
    onFailed: (message) => {
      classifier.forget();
      // A refinement recovers by itself, so there is no note during one.
      if (store.value.refining === undefined)
        banner.show('note', message, 'The model is loaded again when it is needed.');
    },
    onClosed: () => classifier.forget(),
  });
  const classifier: Classifier<Content> = new Classifier(kind, sessions, (loading) => store.set({ loading }));
  const app: ClassesApp<Content> = { kind, store, classifier, banner, confirm: new Confirm() };
  const shelf = new Shelf<Content>(kind.key, kind.model);
  const kept = await shelf.read().catch(() => undefined);
  if (kept !== undefined) store.set(kept);
  else store.set({ set: addLabelled(beginning<Content>().set, await kind.samples()) });

  addCards(app);
  learnCard(app, learnAtOnce(app));
  const writes = keepChanges(app, shelf, async () => {
    const found = (await shelf.read()) ?? beginning<Content>();
    // Forgets the model at once, so that no prediction of the meantime loads the earlier weights for the new classes.
    void classifier.close().catch(() => {});
    return found;
  });
  keptCard(app, async () => {
    await writes.wipe();
    await classifier.close();
  });
  refuseStrayDrops();
  store.watch(({ learnt }, before) => {
    // Asks the browser not to evict the page's storage.
    if (learnt !== before.learnt && learnt !== undefined) {
      void sessions
        .get()
        .then((session) => adapters.persist({ session }))
        .catch(() => {});
    }
  });
  store.watch(({ device }) => showDevice(device));
  store.set({ device: await checkDevice() });
}
