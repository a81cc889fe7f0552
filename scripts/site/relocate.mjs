// VitePress builds a site for one path. `relocate` makes the built files work at any path: a page finds the site's
// folder by its own depth in the site, and scripts find it by the page's address.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vite';
import { pathsBelow } from '../shared/paths.mjs';

/** The variable that holds the site's path in a page. */
const VARIABLE = 'globalThis.__siteBase';

/**
 * @param {string} folder the built site
 * @param {string} base the path that the site was built for
 */
export function relocate(folder, base) {
  // The page for unknown addresses is deleted: it can't know how deep in the site such an address is.
  rmSync(join(folder, '404.html'), { force: true });
  for (const path of pathsBelow(folder)) {
    const relocated = RELOCATED[/\.[a-z]+$/.exec(path)?.[0] ?? ''];
    if (relocated === undefined) continue;
    const text = readFileSync(join(folder, path), 'utf8');
    if (text.includes(base)) writeFileSync(join(folder, path), relocated(text, base, path));
  }
}

/** @type {Readonly<Record<string, (text: string, base: string, path: string) => string>>} */
const RELOCATED = {
  '.html': (text, base, path) => htmlAnywhere(text, base, path),
  '.js': (text, base) => scriptAnywhere(text, base),
  '.css': (text, base, path) => text.replaceAll(base, upFrom(path)),
};

/**
 * Makes a page's links absolute before VitePress's script starts. That script shows other pages without loading a new document: in
 * elements that stay, such as the sidebar, relative links would then lead elsewhere.
 */
const ABSOLUTE_LINKS =
  "for(const a of document.querySelectorAll('a[href]'))if(a.origin===location.origin)a.setAttribute('href',a.href)";

/** Returns the relative path from a file to the site's folder. @param {string} path */
const upFrom = (path) => '../'.repeat(path.split('/').length - 1) || './';

/**
 * @param {string} html
 * @param {string} base
 * @param {string} path of the page in the site
 */
export function htmlAnywhere(html, base, path) {
  const up = upFrom(path);
  const find = `${VARIABLE}=new URL(${JSON.stringify(up)},location.href).pathname`;
  return html
    .replace('<head>', `<head><script>${find}</script>`)
    .replace('</body>', `<script>${ABSOLUTE_LINKS}</script></body>`)
    .replaceAll(`\\"${base}\\"`, `\\""+${VARIABLE}+"\\"`)
    .replaceAll(base, up);
}

/**
 * Replaces the path that the site was built for in all strings of a script.
 * @param {string} script
 * @param {string} base
 */
export function scriptAnywhere(script, base) {
  /** @type {{ start: number, end: number }[]} */
  const found = [];
  collect(parseAst(script, { lang: 'js' }), base, script, found);
  let text = script;
  // From the last to the first, so that the positions of earlier strings stay valid.
  for (const { start, end } of found.sort((a, b) => b.start - a.start)) {
    const moved = `(${text.slice(start, end)}).replaceAll("${base}",${VARIABLE})`;
    text = text.slice(0, start) + moved + text.slice(end);
  }
  return text;
}

/**
 * Collects the outermost string literals and template literals that contain the path.
 * @param {unknown} node
 * @param {string} base
 * @param {string} script
 * @param {{ start: number, end: number }[]} found
 */
function collect(node, base, script, found) {
  if (typeof node !== 'object' || node === null) return;
  const { type, start, end } = /** @type {{ type?: string, start: number, end: number }} */ (node);
  if (type !== undefined && !script.slice(start, end).includes(base)) return;
  if (type === 'Literal' || type === 'TemplateLiteral') return void found.push({ start, end });
  for (const each of Object.values(node)) collect(each, base, script, found);
}
