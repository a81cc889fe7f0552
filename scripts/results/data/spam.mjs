// Reads subjects of e-mails, spam or not ("ham"). Marks of mailing lists and threads are removed, because they would identify ham.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distinct, splitByHash, wordsOf } from './split.mjs';

/** @typedef {import('./split.mjs').Keyed} Keyed */

/** Names of lists in brackets, and Re: or Fw: of replies. */
const MARKS = /^(?:\s*(?:\[[^\]]*\]|(?:re|fwd?)(?:\[\d+\])?:))+/i;

/**
 * @param {string} mail with its headers
 * @returns {string | undefined} subject without marks; undefined if there is none, or it isn't plain ASCII
 */
export function subjectOf(mail) {
  const [headers = ''] = mail.split(/\r?\n\r?\n/, 1);
  // A line that begins with a space continues the line before.
  const unfolded = headers.replace(/\r?\n[ \t]+/g, ' ');
  const [, found = ''] = /^subject:(.*)$/im.exec(unfolded) ?? [];
  const subject = found.replace(/\s+/g, ' ').replace(MARKS, '').trim();
  const isPlain = /^[ -~]*$/.test(subject) && !subject.includes('=?');
  return isPlain && wordsOf(subject) !== '' ? subject : undefined;
}

/** @param {string} folder of the source */
export function readSpam(folder) {
  /** @type {Keyed[]} */
  const subjects = [];
  for (const group of namesIn(folder, /^(easy-ham|hard-ham|spam)-\d$/)) {
    const label = group.startsWith('spam') ? 'spam' : 'ham';
    for (const name of namesIn(join(folder, group), /\.txt$/)) {
      const text = subjectOf(readFileSync(join(folder, group, name), 'latin1'));
      if (text !== undefined) subjects.push({ key: wordsOf(text), text, label });
    }
  }
  return splitByHash(distinct(subjects), { train: 256, test: 250 });
}

/**
 * Sorted names, so that each machine selects the same one of several equal subjects.
 * @param {string} folder
 * @param {RegExp} pattern
 */
function namesIn(folder, pattern) {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort();
}
