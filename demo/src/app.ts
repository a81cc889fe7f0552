import type { AdapterRack } from './library/adapter_rack';
import type { Sessions } from './library/sessions';
import type { AppState } from './state';
import type { Store } from './store';
import type { Banner } from './ui/banner';
import type { Confirm } from './ui/confirm';

/** What every card of the page has at hand. */
export interface App {
  readonly store: Store<AppState>;
  readonly sessions: Sessions;
  readonly rack: AdapterRack;
  readonly banner: Banner;
  readonly confirm: Confirm;
  /** Lets the model go, and all that stands on it. */
  readonly dropModel: () => void;
}

/** What an action of a page needs. */
export interface Actor {
  readonly store: { set(patch: { busy: boolean }): void };
  readonly banner: Banner;
}

/** Runs a short action with the page's other actions held back; reports what goes wrong. */
export async function act({ store, banner }: Actor, action: () => Promise<void>): Promise<void> {
  banner.clear();
  const focused = document.activeElement;
  store.set({ busy: true });
  try {
    await action();
  } catch (error) {
    banner.report(error);
  } finally {
    store.set({ busy: false });
    // A button that is disabled for a moment loses the focus.
    if (document.activeElement === document.body && focused instanceof HTMLElement) focused.focus();
  }
}
