// Balanced sets of labelled texts, split by hash, so that the same texts lie on the same side whatever else there is.
import { createHash } from 'node:crypto';

/** @typedef {{ text: string, label: string }} Example */
/** @typedef {{ key: string, text: string, label: string }} Keyed what is split goes by its key */
/** @typedef {{ train: readonly Example[], test: readonly Example[] }} Split */

/**
 * The words of a text alone: those with the same words are the same text.
 * @param {string} text
 */
export function wordsOf(text) {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/**
 * The first text of each, unless the same text has several labels: then none.
 * @template {Keyed} T
 * @param {readonly T[]} examples
 * @returns {T[]}
 */
export function distinct(examples) {
  /** @type {Map<string, Set<string>>} */
  const labels = new Map();
  for (const { text, label } of examples) {
    const words = wordsOf(text);
    labels.set(words, (labels.get(words) ?? new Set()).add(label));
  }
  return examples.filter(({ text }) => {
    const words = wordsOf(text);
    const isOne = labels.get(words)?.size === 1;
    labels.delete(words);
    return isOne;
  });
}

/**
 * A quarter is for the test. Each side comes in the order of its keys' hashes, cut to as many of each label as are asked for.
 * @param {readonly Keyed[]} examples
 * @param {{ train: number, test: number }} most examples of each label
 * @returns {Split}
 */
export function splitByHash(examples, { train, test }) {
  const hashed = examples
    .map((example) => ({ ...example, hash: createHash('sha256').update(example.key).digest('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  // The last digit, as the order goes by the first ones.
  const isTest = (/** @type {{ hash: string }} */ { hash }) => /[0-3]$/.test(hash);
  return {
    train: firstOfEach(
      hashed.filter((example) => !isTest(example)),
      train,
    ),
    test: firstOfEach(hashed.filter(isTest), test),
  };
}

/**
 * @param {readonly Example[]} examples
 * @param {number} count
 * @returns {Example[]}
 */
function firstOfEach(examples, count) {
  /** @type {Map<string, number>} */
  const taken = new Map();
  return examples.flatMap(({ text, label }) => {
    const before = taken.get(label) ?? 0;
    taken.set(label, before + 1);
    return before < count ? [{ text, label }] : [];
  });
}
