// Reads the definitions of WordNet's nouns. The label of a definition is the lexicographer file that contains it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { distinct, splitByHash } from './split.mjs';

/** @typedef {import('./split.mjs').Keyed} Keyed */

/** The lexicographer files that serve as labels, by number: the largest ones of nouns whose topics a person can distinguish. */
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

/** A line of data.noun. Captures the synset's offset, the file's number and, after the bar, the definition with quoted examples. */
const SYNSET = /^(\d{8}) (\d\d) n [^|]*\| (.*)$/;

/**
 * @param {string} text of data.noun
 * @returns {Keyed[]} one definition for each synset in `FILES`
 */
export function definitionsOf(text) {
  return text.split('\n').flatMap((line) => {
    const [, key = '', file = '', gloss = ''] = SYNSET.exec(line) ?? [];
    const label = FILES.get(file);
    const definition = (gloss.split(/[;,:]?\s*"/)[0] ?? '').trim();
    return label === undefined || definition === '' ? [] : [{ key, text: definition, label }];
  });
}

/** @param {string} folder that has the downloaded files */
export function readWordNet(folder) {
  const definitions = definitionsOf(readFileSync(join(folder, 'data.noun'), 'utf8'));
  return splitByHash(distinct(definitions), { train: 256, test: 100 });
}
