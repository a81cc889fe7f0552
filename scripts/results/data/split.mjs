// Splits labelled texts into balanced training and test sets. A text's hash chooses its set, so other texts have no influence on it.
import { createHash } from 'node:crypto';

/** @typedef {{ text: string, label: string }} Example */
/** @typedef {{ key: string, text: string, label: string }} Keyed the split depends on the key */
/** @typedef {{ train: readonly Example[], test: readonly Example[] }} Split */

/**
 * Returns the words of a text in lower case, without punctuation. Texts with the same words count as equal.
 * @param {string} text
 */
export function wordsOf(text) {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/**
 * Removes duplicates: only the first of several equal texts stays, and none of them if their labels differ.
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
 * Splits examples by the hashes of their keys: a quarter is for the test set. Both sets are sorted by these hashes, and then limited to the
 * given number of examples of each label.
 * @param {readonly Keyed[]} examples
 * @param {{ train: number, test: number }} most examples of each label
 * @returns {Split}
 */
export function splitByHash(examples, { train, test }) {
  const hashed = examples
    .map((example) => ({ ...example, hash: createHash('sha256').update(example.key).digest('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  // The hash's last digit chooses the set, because its first digits already determine the order.
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
