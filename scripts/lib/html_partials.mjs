// What several pages of HTML have in common.
import { readFileSync } from 'node:fs';

const MARK = /^( *)<!-- partials\/([a-z_]+\.html) -->$/gm;

/**
 * Puts a folder's files in the place of comments that name them: `<!-- partials/confirm.html -->`.
 * @param {string} folder
 * @returns {import('vite').Plugin}
 */
export function partials(folder) {
  const indented = (/** @type {string} */ text, /** @type {string} */ by) => text.trimEnd().replace(/^(?=.)/gm, by);
  return {
    name: 'html-partials',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) =>
        html.replace(MARK, (_, /** @type {string} */ by, /** @type {string} */ name) =>
          indented(readFileSync(folder + name, 'utf8'), by),
        ),
    },
  };
}
