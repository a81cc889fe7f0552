import type { Banner } from './banner';

export interface Actor {
  readonly store: { set(patch: { busy: boolean }): void };
  readonly banner: Banner;
}

/** Runs a short action while the page's other actions are disabled. Reports its error. */
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
    // A button loses the focus when it is disabled.
    if (document.activeElement === document.body && focused instanceof HTMLElement) focused.focus();
  }
}
