interface PageWatcher {
  /** The page is hidden, or shown again. */
  onVisibility(hidden: boolean): void;
  /** The page goes: it is closed, left for another one, or frozen. Perhaps nothing runs any more after this. */
  onLeave(): void;
  /** The page was frozen, and goes on. */
  onReturn(): void;
}

/** Tells what becomes of the page, until the returned function is called. Does nothing without a page. */
export function watchPage({ onVisibility, onLeave, onReturn }: PageWatcher): () => void {
  const { document } = globalThis as { readonly document?: Document };
  if (document === undefined) return () => {};
  const watch = new AbortController();
  const { signal } = watch;
  const report = (): void => onVisibility(document.visibilityState === 'hidden');
  document.addEventListener('visibilitychange', report, { signal });
  document.addEventListener('freeze', onLeave, { signal });
  document.addEventListener('resume', onReturn, { signal });
  const { defaultView: view } = document;
  view?.addEventListener('pagehide', onLeave, { signal });
  const onShow = ({ persisted }: PageTransitionEvent): void => (persisted ? onReturn() : undefined);
  view?.addEventListener('pageshow', onShow, { signal });
  if (document.visibilityState === 'hidden') report();
  return () => watch.abort();
}
