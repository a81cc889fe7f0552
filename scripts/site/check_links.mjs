// Checks the links between the files of a built site.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathsBelow } from '../shared/paths.mjs';

/**
 * Returns a message for each link to a file or heading that the site lacks.
 * @param {string} site
 */
export function brokenLinks(site) {
  const pages = new Map(
    pathsBelow(site)
      .filter((name) => name.endsWith('.html'))
      .map((name) => {
        const html = readFileSync(join(site, name), 'utf8');
        return /** @type {const} */ ([name, { links: linksOf(html), ids: idsOf(html) }]);
      }),
  );
  const complaints = [...pages].flatMap(([name, { links }]) =>
    links.flatMap((link) => {
      const [path = '', hash = ''] = link.split('#');
      const target = path === '' ? name : targetOf(site, name, path);
      if (target === undefined) return [`${name}: ${link} leads to no file`];
      const ids = pages.get(target)?.ids;
      const isThere = hash === '' || ids === undefined || ids.has(decodeURIComponent(hash));
      return isThere ? [] : [`${name}: ${link} leads to no heading of ${target}`];
    }),
  );
  return [...new Set(complaints)];
}

/** Returns the file that a link leads to; undefined if there is none. @param {string} site @param {string} page @param {string} link */
function targetOf(site, page, link) {
  if (link.startsWith('/')) return undefined;
  const path = posix.join(posix.dirname(page), decodeURIComponent(link.replace(/\?.*$/, '')));
  const file = path === '.' || path.endsWith('/') ? posix.join(path, 'index.html') : path;
  const isFile = !file.startsWith('..') && existsSync(join(site, file)) && statSync(join(site, file)).isFile();
  return isFile ? file : undefined;
}

/** Returns a page's links within the site. @param {string} html */
export function linksOf(html) {
  const links = [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link.replaceAll('&amp;', '&'));
  return [...new Set(links)].filter((link) => !/^(?:[a-z]+:|\/\/)/i.test(link) && link !== '#' && link !== '');
}

/** @param {string} html */
function idsOf(html) {
  return new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => id));
}
