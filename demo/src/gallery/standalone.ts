/**
 * An example's source that works on any other site: its addresses, which lead to the demo's files beside it, are whole. Its script is
 * asked for with CORS, as a page needs that its browser isolates.
 */
export function standalone(source: string, demo: URL): string {
  return source.replaceAll(/(["'])\.\.\//g, `$1${demo.href}`).replace('<script src=', '<script crossorigin src=');
}
