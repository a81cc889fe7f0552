import type { Banner } from './banner';

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
