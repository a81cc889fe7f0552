// Makes preference pairs from words with their WordNet definitions. The word for an animal is preferred to the word for a thing.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ readonly key: string, readonly file: string, readonly word: string, readonly definition: string }} Defined */
/** @typedef {{ readonly prompt: string, readonly chosen: string, readonly rejected: string }} Pair */

/** The numbers of two of WordNet's files of nouns: animals and artifacts. */
const ANIMALS = '05';
const THINGS = '06';

/** A line of data.noun. Captures the synset's offset, the file's number, the first word and, after the bar, the definition. */
const SYNSET = /^(\d{8}) (\d\d) n [0-9a-f]{2} ([a-z]+) [^|]*\| (.*)$/;
/** A line of index.sense. Captures a noun, its synset's offset, and how often WordNet's tagged texts use the noun in this sense. */
const SENSE = /^([a-z]+)%1:\d\d:\S* (\d{8}) \d+ (\d+)$/;

/** The minimum and maximum length of a definition, in characters. */
const [LEAST, MOST] = [16, 80];

/**
 * Returns nouns that occur in WordNet's tagged texts, each with its first definition: up to a semicolon, and without parentheses.
 * @param {string} nouns the text of data.noun
 * @param {string} senses the text of index.sense
 * @returns {Defined[]}
 */
export function definedWords(nouns, senses) {
  const seen = new Set();
  for (const line of senses.split('\n')) {
    const [, word, key, times] = SENSE.exec(line.trimEnd()) ?? [];
    if (Number(times) > 0) seen.add(`${word} ${key}`);
  }
  const taken = new Set();
  return nouns.split('\n').flatMap((line) => {
    const [, key = '', file = '', word = '', gloss = ''] = SYNSET.exec(line) ?? [];
    const [first = ''] = gloss.split(/[;,:]?\s*"|;/);
    const definition = first.replaceAll(/\s*\([^)]*\)/g, '').trim();
    if (definition.length < LEAST || definition.length > MOST) return [];
    if (!seen.has(`${word} ${key}`) || taken.has(word)) return [];
    taken.add(word);
    return [{ key, file, word, definition }];
  });
}

/**
 * Pairs each animal with the thing that has the same first letter, and whose definition has the nearest length. No word is in two pairs.
 * The order depends only on hashes.
 * @param {readonly Defined[]} words
 * @returns {Pair[]}
 */
export function animalPairs(words) {
  const hashed = words.map((word) => ({ ...word, hash: createHash('sha256').update(word.key).digest('hex') }));
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const things = new Set(hashed.filter(({ file }) => file === THINGS));
  return hashed.flatMap((animal) => {
    if (animal.file !== ANIMALS) return [];
    const [letter = ''] = animal.word;
    const apart = (/** @type {Defined} */ { definition }) => Math.abs(definition.length - animal.definition.length);
    const [thing] = [...things].filter(({ word }) => word.startsWith(letter)).sort((a, b) => apart(a) - apart(b));
    if (thing === undefined) return [];
    things.delete(thing);
    const prompt = `A word that begins with ${letter.toUpperCase()}, and its meaning:`;
    return [{ prompt, chosen: completion(animal), rejected: completion(thing) }];
  });
}

/** @param {string} folder that has the downloaded files */
export function readAnimalPairs(folder) {
  const text = (/** @type {string} */ name) => readFileSync(join(folder, name), 'utf8');
  return animalPairs(definedWords(text('data.noun'), text('index.sense')));
}

const completion = (/** @type {Defined} */ { word, definition }) => ` ${word}, ${definition.replace(/\.$/, '')}.`;
