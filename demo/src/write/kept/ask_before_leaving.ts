import type { App } from '../app';

/** Makes the browser ask for confirmation before the visitor leaves while voices (adapters that write in somebody's style) are unsaved. */
export function askBeforeLeaving({ store }: Pick<App, 'store'>): void {
  window.addEventListener('beforeunload', (event) => {
    if (store.value.unsaved.length > 0) event.preventDefault();
  });
}
