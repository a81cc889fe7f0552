// Reads definitions of WordNet's nouns. Labels are the lexicographer files that contain them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distinct, splitByHash } from './split.mjs';

/** @typedef {import('./split.mjs').Keyed} Keyed */

/** Ten of the 26 files of nouns, by number: the largest that a person can distinguish. */
const FILES = new Map([
  ['04', 'noun.act'],
  ['05', 'noun.animal'],
  ['06', 'noun.artifact'],
  ['08', 'noun.body'],
  ['10', 'noun.communication'],
  ['13', 'noun.food'],
  ['15', 'noun.location'],
  ['18', 'noun.person'],
  ['20', 'noun.plant'],
  ['27', 'noun.substance'],
]);

/** An offset, the file's number and the type; words and pointers; after a bar the definition, with examples in quotes. */
const SYNSET = /^(\d{8}) (\d\d) n [^|]*\| (.*)$/;

/**
 * @param {string} text of data.noun
 * @returns {Keyed[]} one definition for each synset of these files
 */
export function definitionsOf(text) {
  return text.split('\n').flatMap((line) => {
    const [, key = '', file = '', gloss = ''] = SYNSET.exec(line) ?? [];
    const label = FILES.get(file);
    const definition = (gloss.split(/[;,:]?\s*"/)[0] ?? '').trim();
    return label === undefined || definition === '' ? [] : [{ key, text: definition, label }];
  });
}

/** @param {string} folder of the source */
export function readWordNet(folder) {
  const definitions = definitionsOf(readFileSync(join(folder, 'data.noun'), 'utf8'));
  return splitByHash(distinct(definitions), { train: 256, test: 100 });
}
