// A Vite plugin that inserts parts that several HTML pages share.
import { readFileSync } from 'node:fs';

const MARK = /^( *)<!-- partials\/([a-z_]+\.html)((?: [a-z]+="[^"]*")*) -->$/gm;

/**
 * Replaces comments such as `<!-- partials/confirm.html -->` by the contents of that file in `folder`. Inserted files may contain such
 * comments too. Attributes: `current="./"` marks the link to `./` as the current page, `forms="https://…"` allows that form target in the
 * Content Security Policy, and any other attribute replaces `{name}` in the file by its value.
 * @param {string} folder
 * @returns {import('vite').Plugin}
 */
export function partials(folder) {
  /** @type {(html: string) => string} */
  const filled = (html) =>
    html.replace(MARK, (_, /** @type {string} */ indent, /** @type {string} */ name, /** @type {string} */ given) => {
      const {
        current = '',
        forms,
        ...values
      } = Object.fromEntries(
        [...given.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
      );
      const part = filled(readFileSync(folder + name, 'utf8').trimEnd())
        .replace(`href="${current}"`, '$& aria-current="page"')
        .replace("form-action 'none'", forms === undefined ? '$&' : `form-action ${forms}`);
      return Object.entries(values)
        .reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), part)
        .replace(/^(?=.)/gm, indent);
    });
  return { name: 'html-partials', transformIndexHtml: { order: 'pre', handler: filled } };
}
