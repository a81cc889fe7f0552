// Parts that several HTML pages share.
import { readFileSync } from 'node:fs';

const MARK = /^( *)<!-- partials\/([a-z_]+\.html)(?: current="([^"]*)")? -->$/gm;

/**
 * Replaces comments such as `<!-- partials/confirm.html -->` by the named file of a folder, also inside such files.
 * `<!-- partials/pages.html current="./" -->` marks the link to `./` as the current page.
 * @param {string} folder
 * @returns {import('vite').Plugin}
 */
export function partials(folder) {
  /** @type {(html: string) => string} */
  const filled = (html) =>
    html.replace(MARK, (_, /** @type {string} */ indent, /** @type {string} */ name, current = '') => {
      const part = filled(readFileSync(folder + name, 'utf8').trimEnd());
      return part.replace(`href="${current}"`, '$& aria-current="page"').replace(/^(?=.)/gm, indent);
    });
  return { name: 'html-partials', transformIndexHtml: { order: 'pre', handler: filled } };
}
