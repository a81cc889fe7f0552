/** The reason why a run that trains only in idle time has to wait. */
export type IdleReason = 'hidden' | 'busy';

/** Milliseconds without input after which the page counts as idle. */
const QUIET = 2000;
const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart', 'scroll', 'input'] as const;

type Page = Pick<Document, 'addEventListener' | 'removeEventListener' | 'visibilityState'>;

/**
 * Calls `onChange` when a reason to wait begins or ends, until the returned function is called. The reasons: the page is hidden ('hidden'),
 * or the visitor is using it ('busy'). At first the page counts as busy. Without a page, as in Node, `onChange` is never called.
 */
export function watchIdle(
  onChange: (reason: IdleReason, holds: boolean) => void,
  page: Page | undefined = (globalThis as { readonly document?: Document }).document,
): () => void {
  if (page === undefined) return () => {};
  const over = new AbortController();
  const { signal } = over;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onQuiet = (): void => {
    timer = undefined;
    whenIdle(() => {
      if (timer === undefined && !signal.aborted) onChange('busy', false);
    });
  };
  const onSign = (): void => {
    if (timer === undefined) onChange('busy', true);
    clearTimeout(timer);
    timer = setTimeout(onQuiet, QUIET);
  };
  const onVisibility = (): void => onChange('hidden', page.visibilityState === 'hidden');
  for (const sign of SIGNS) page.addEventListener(sign, onSign, { capture: true, passive: true, signal });
  page.addEventListener('visibilitychange', onVisibility, { signal });
  if (page.visibilityState === 'hidden') onVisibility();
  onSign();
  return () => {
    clearTimeout(timer);
    over.abort();
  };
}

/** Calls `body` when the browser is idle. Safari has no `requestIdleCallback`, so a timeout replaces it there. */
function whenIdle(body: () => void): void {
  const { requestIdleCallback } = globalThis as { readonly requestIdleCallback?: (body: () => void) => number };
  if (requestIdleCallback === undefined) setTimeout(body);
  else requestIdleCallback(body);
}
