import { adapters } from 'webvera';
import { checkDevice } from '../library/device';
import { Latest } from '../library/latest';
import { Sessions } from '../library/sessions';
import { Banner } from '../page/banner';
import { refuseStrayDrops } from '../page/chosen_files';
import { Confirm } from '../page/confirm';
import { showDevice } from '../page/device_note';
import { Store } from '../page/store';
import type { ClassesApp } from './app';
import { addLabelled, emptySet } from './class_set';
import { Classifier } from './classifier';
import { keptCard } from './kept_card';
import type { Kind } from './kind';
import { learnAtOnce } from './learn_at_once';
import { learnCard } from './learn_card';
import { Shelf, WrittenElsewhere } from './shelf';
import type { ClassesState, Kept } from './state';

/** The contents of a new page. */
function beginning<Content>(): Kept<Content> {
  return { set: emptySet(['Class 1', 'Class 2']), learnt: undefined, isStale: true, isRefined: false };
}

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
    refining: undefined,
    refinesInIdleTime: true,
    outcome: '',
    busy: false,
  });
  const banner = new Banner();
  const sessions = new Sessions({
    onWarning: (code, message) => console.info(`${message} (${code})`),
    onTrouble: (trouble) => store.set({ trouble }),
    onFailed: (message) => {
      classifier.forget();
      // A run recovers, and a trained adapter is loaded again when it is needed.
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
  learnCard(app);
  learnAtOnce(app);
  const writes = keepChanges(app, shelf, async () => {
    const now = (await shelf.read()) ?? beginning<Content>();
    await classifier.close();
    return now;
  });
  keptCard(app, async () => {
    store.set({ ...beginning<Content>(), outcome: '' });
    await writes.push('wiped');
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

/**
 * Stores every change, and shows a note at the first failure. Pushing 'wiped' deletes everything. If another tab has written, this one
 * shows what is there instead of replacing it: `reread` reads it.
 */
function keepChanges<Content>(
  { store, banner }: ClassesApp<Content>,
  shelf: Shelf<Content>,
  reread: () => Promise<Kept<Content>>,
) {
  let isTold = false;
  /** Whether the current change of the state comes from the store, which needs no writing. */
  let isReading = false;
  const adopt = async (): Promise<void> => {
    const now = await reread().catch(() => undefined);
    if (now === undefined) return; // it is read again when the page is next shown
    isReading = true;
    store.set({ ...now, outcome: '' });
    isReading = false;
    banner.show('note', 'Another tab has changed this page’s data. It is shown as the other tab left it.');
  };
  const writes = new Latest(async (change: 'changed' | 'wiped') => {
    try {
      await (change === 'wiped' ? shelf.wipe() : shelf.write(store.value));
    } catch (error) {
      if (error instanceof WrittenElsewhere) return adopt();
      if (!isTold) banner.show('note', 'This browser keeps nothing for this page.', 'Export what you want to keep.');
      isTold = true;
    }
  });
  store.watch(({ set, learnt, isRefined }, before) => {
    const isNew = set !== before.set || learnt !== before.learnt || isRefined !== before.isRefined;
    if (isNew && !isReading) void writes.push('changed');
  });
  document.addEventListener('visibilitychange', async () => {
    if (document.hidden) return;
    await writes.idle();
    if (await shelf.isWrittenElsewhere().catch(() => false)) await adopt();
  });
  return writes;
}
