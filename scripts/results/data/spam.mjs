// Subjects of e-mails, spam or not ("ham"). What tells of mailing lists and threads rather than of spam is taken off.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distinct, splitByHash, wordsOf } from './split.mjs';

/** @typedef {import('./split.mjs').Keyed} Keyed */

/** Lists put their name in brackets before a subject, and answers begin with Re: or Fw: */
const MARKS = /^(?:\s*(?:\[[^\]]*\]|(?:re|fwd?)(?:\[\d+\])?:))+/i;

/**
 * @param {string} mail with its headers
 * @returns {string | undefined} its subject without marks; undefined where there is none, or not in plain ASCII
 */
export function subjectOf(mail) {
  const [headers = ''] = mail.split(/\r?\n\r?\n/, 1);
  // A line that begins with a space goes on with the one before.
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
 * In one order everywhere, as the first of equal subjects is kept.
 * @param {string} folder
 * @param {RegExp} pattern
 */
function namesIn(folder, pattern) {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort();
}
