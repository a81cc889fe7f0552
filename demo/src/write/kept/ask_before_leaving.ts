import type { App } from '../app';

/** Lets the browser ask before a page with unsaved voices is left. */
export function askBeforeLeaving({ store }: Pick<App, 'store'>): void {
  window.addEventListener('beforeunload', (event) => {
    if (store.value.unsaved.length > 0) event.preventDefault();
  });
}
