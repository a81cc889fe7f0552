// Reads the subject lines of e-mails that are spam or not ("ham"). Tags of mailing lists and replies are removed, because they would reveal
// ham.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distinct, splitByHash, wordsOf } from './split.mjs';

/** @typedef {import('./split.mjs').Keyed} Keyed */

/** Matches tags at the beginning of a subject: names of mailing lists in brackets, and the prefixes Re:, Fw: and Fwd:. */
const TAGS = /^(?:\s*(?:\[[^\]]*\]|(?:re|fwd?)(?:\[\d+\])?:))+/i;

/**
 * Returns the subject line of an e-mail, without the tags of mailing lists and replies. Returns undefined if this line has no words, or
 * characters other than ASCII.
 * @param {string} mail the e-mail with its headers
 */
export function subjectOf(mail) {
  const [headers = ''] = mail.split(/\r?\n\r?\n/, 1);
  // A header line that begins with a space continues the line before it.
  const unfolded = headers.replace(/\r?\n[ \t]+/g, ' ');
  const [, found = ''] = /^subject:(.*)$/im.exec(unfolded) ?? [];
  const subject = found.replace(/\s+/g, ' ').replace(TAGS, '').trim();
  const isPlain = /^[ -~]*$/.test(subject) && !subject.includes('=?');
  return isPlain && wordsOf(subject) !== '' ? subject : undefined;
}

/** @param {string} folder that has the downloaded files */
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
 * Returns the matching names in a folder. They are sorted, so that every machine keeps the same one of several e-mails with equal subjects.
 * @param {string} folder
 * @param {RegExp} pattern
 */
function namesIn(folder, pattern) {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort();
}
