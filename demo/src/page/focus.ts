/**
 * Tracks whether the focus is within some elements. The returned function is true while it is. It stays true if the focused element is
 * disabled, hidden or removed, although the browser then moves the focus to the page's body.
 */
export function focusWithin(...roots: readonly Element[]): () => boolean {
  let last: EventTarget | null = null;
  document.addEventListener('focusin', ({ target }) => {
    last = target;
  });
  document.addEventListener('focusout', ({ target }) => {
    if (!isGone(target)) last = null;
  });
  return () => roots.some((root) => last instanceof Node && root.contains(last));
}

/** Focuses an element, if the focused one was disabled, hidden or removed. */
export function landOn(element: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement === document.body || isGone(activeElement)) element.focus({ preventScroll: true });
}

/** Whether an element can't have the focus any more. */
function isGone(element: EventTarget | null): boolean {
  return !(element instanceof Element) || !element.isConnected || element.matches(':disabled, [hidden], [hidden] *');
}
