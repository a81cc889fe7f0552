/** Calls back as the page is hidden and shown again, until the returned function is called. Does nothing without a page. */
export function watchVisibility(onChange: (hidden: boolean) => void): () => void {
  const { document } = globalThis as { readonly document?: Document };
  if (document === undefined) return () => {};
  const report = (): void => onChange(document.visibilityState === 'hidden');
  document.addEventListener('visibilitychange', report);
  if (document.visibilityState === 'hidden') report();
  return () => document.removeEventListener('visibilitychange', report);
}
