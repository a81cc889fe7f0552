// What several pages of HTML have in common.
import { readFileSync } from 'node:fs';

const MARK = /^( *)<!-- partials\/([a-z_]+\.html) -->$/gm;

/**
 * Puts a folder's files in the place of comments that name them, also within such files: `<!-- partials/confirm.html -->`.
 * @param {string} folder
 * @returns {import('vite').Plugin}
 */
export function partials(folder) {
  /** @type {(html: string) => string} */
  const filled = (html) =>
    html.replace(MARK, (_, /** @type {string} */ indent, /** @type {string} */ name) => {
      const part = filled(readFileSync(folder + name, 'utf8').trimEnd());
      return part.replace(/^(?=.)/gm, indent);
    });
  return { name: 'html-partials', transformIndexHtml: { order: 'pre', handler: filled } };
}
