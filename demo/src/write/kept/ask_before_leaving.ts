import type { App } from '../app';

/** Makes the browser ask for confirmation before the visitor leaves, if voices (adapters that write in somebody's style) would be lost. */
export function askBeforeLeaving({ store }: Pick<App, 'store'>): void {
  window.addEventListener('beforeunload', (event) => {
    const { unsaved, saved, isMemoryOnly } = store.value;
    if (unsaved.length > 0 || (isMemoryOnly && saved.length > 0)) event.preventDefault();
  });
}
