export interface PageWatcher {
  /** The page is hidden, or shown again. */
  onVisibility(hidden: boolean): void;
  /** The page goes: it is closed, left for another one, or frozen. Perhaps nothing runs any more after this. */
  onLeave(): void;
}

/** Tells what becomes of the page, until the returned function is called. Does nothing without a page. */
export function watchPage({ onVisibility, onLeave }: PageWatcher): () => void {
  const { document } = globalThis as { readonly document?: Document };
  if (document === undefined) return () => {};
  const watch = new AbortController();
  const { signal } = watch;
  const report = (): void => onVisibility(document.visibilityState === 'hidden');
  document.addEventListener('visibilitychange', report, { signal });
  document.addEventListener('freeze', onLeave, { signal });
  document.defaultView?.addEventListener('pagehide', onLeave, { signal });
  if (document.visibilityState === 'hidden') report();
  return () => watch.abort();
}
