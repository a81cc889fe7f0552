import type { App } from '../app';

/** Makes the browser ask for confirmation before the visitor leaves a page with unsaved voices. */
export function askBeforeLeaving({ store }: Pick<App, 'store'>): void {
  window.addEventListener('beforeunload', (event) => {
    if (store.value.unsaved.length > 0) event.preventDefault();
  });
}
