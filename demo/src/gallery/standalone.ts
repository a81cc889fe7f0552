/**
 * Makes an example's source work on any other site. Relative addresses of the demo's files become absolute, and the script is requested
 * with CORS, which cross-origin isolated pages need.
 */
export function standalone(source: string, demo: URL): string {
  return source.replaceAll(/(["'])\.\.\//g, `$1${demo.href}`).replace('<script src=', '<script crossorigin src=');
}
