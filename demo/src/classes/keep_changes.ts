import { Latest } from '../library/latest';
import type { ClassesApp } from './app';
import { type Shelf, WrittenElsewhere } from './shelf';
import { beginning, type Kept } from './state';

/** Stores a page's changes in the browser. */
export interface Keeping {
  /** Empties the page and its storage, even if another tab has changed the storage. Rejects if the storage can't be emptied. */
  wipe(): Promise<void>;
}

/**
 * Stores every change, and sets `storingFailed` in the state if that fails. If another tab has changed the stored data, this tab shows
 * that data instead of overwriting it. `reread` reads the stored data.
 */
export function keepChanges<Content>(
  { store, banner }: Pick<ClassesApp<Content>, 'store' | 'banner'>,
  shelf: Shelf<Content>,
  reread: () => Promise<Kept<Content>>,
): Keeping {
  /** Set while the state changes to data that needn't be stored: data read from storage, or the empty page after a wipe. */
  let isStored = false;
  let wipes = 0;
  /** Errors of the last wipe. */
  const failures: unknown[] = [];
  const show = (kept: Kept<Content>): void => {
    isStored = true;
    store.set({ ...kept, outcome: '' });
    isStored = false;
  };
  /** Shows the other tab's data, unless this page was wiped since the conflict began. `wipesBefore`: the number of wipes at that time. */
  const adopt = async (wipesBefore: number): Promise<void> => {
    if (wipes !== wipesBefore) return;
    const now = await reread().catch(() => undefined);
    if (now === undefined) return; // the data are read again when the page is next shown
    if (wipes !== wipesBefore) return;
    show(now);
    store.set({ storingFailed: false });
    banner.show('note', 'Another tab has changed this page’s data. It is shown as the other tab left it.');
  };
  const writes = new Latest(async (change: 'changed' | 'wiped') => {
    const wipesBefore = wipes;
    try {
      await (change === 'wiped' ? shelf.wipe() : shelf.write(store.value));
      store.set({ storingFailed: false });
    } catch (error) {
      if (error instanceof WrittenElsewhere) return adopt(wipesBefore);
      if (change === 'wiped') {
        failures.push(error);
        return;
      }
      store.set({ storingFailed: true });
    }
  });
  store.watch(({ set, learnt, isRefined }, before) => {
    const isNew = set !== before.set || learnt !== before.learnt || isRefined !== before.isRefined;
    if (isNew && !isStored) void writes.push('changed');
  });
  window.addEventListener('beforeunload', (event) => {
    if (store.value.storingFailed) event.preventDefault();
  });
  document.addEventListener('visibilitychange', async () => {
    if (document.hidden) return;
    const wipesBefore = wipes;
    await writes.idle();
    if (await shelf.isWrittenElsewhere().catch(() => false)) await adopt(wipesBefore);
  });
  return {
    wipe: async () => {
      wipes += 1;
      failures.length = 0;
      show(beginning());
      await writes.push('wiped');
      if (failures.length > 0) throw failures[0];
    },
  };
}
