// Lists the licences of bundled packages.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ name: string, version: string, license: string, text: string }} Notice */

/**
 * Returns the packages that contain the modules, sorted by name.
 * @param {Iterable<string>} modules paths of files
 * @param {string} [withoutText] the licence text for packages without a licence file. Default: throws for such a package
 * @returns {Notice[]}
 */
export function noticesOf(modules, withoutText) {
  /** @type {Map<string, Notice>} */
  const notices = new Map();
  for (const module of modules) {
    const [folder] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(module) ?? [];
    if (folder === undefined || notices.has(folder)) continue;
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? withoutText : readFileSync(join(folder, file), 'utf8').trim();
    if (text === undefined) throw new Error(`${name} is bundled, but comes without its licence`);
    notices.set(folder, { name, version, license, text });
  }
  return [...notices.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @param {readonly Notice[]} notices */
export function formatNotices(notices) {
  const parts = notices.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
  return ['These packages are part of the files of this folder.\n', ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}
