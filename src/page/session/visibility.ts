interface PageWatcher {
  /** Called when the page was hidden or shown. */
  onVisibility(hidden: boolean): void;
  /** Called when the page is being closed, left or frozen. This may be the last code that runs. */
  onLeave(): void;
  /** Called when the page was frozen and is active again. */
  onReturn(): void;
}

/** Reports the page's visibility and life cycle until the returned function is called. Does nothing without a page. */
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
