// Makes the dictionary of words that libFuzzer inserts into inputs: words of the corpus, and words that often break readers.

const ALWAYS = [
  '"__proto__":',
  '"constructor":',
  'null',
  'true',
  '-1',
  '1e400',
  '9007199254740993',
  '\\ud800',
  '[]',
  '{}',
  '\x1e',
];
/** Parts of regular expressions. */
const PIECES = [
  ...['(?:', '(?=', '(?!', '(?<=', '(?<!', '(?P<n>', ')*', ')+', ')?', '[^', '*?', '{2,3}', '{1000}', '{,9}'],
  ...['\\b', '\\1', '\\p{L}', '\\s', '\\S', '\\w', '\\Z', '\\G'],
];
/** The maximum length of a word in characters, and the maximum number of words. */
const [LONGEST, MOST] = [40, 400];

/** Returns a dictionary in libFuzzer's format. @param {readonly string[]} corpus files, decoded as Latin-1 */
export function dictionaryOf(corpus) {
  const quoted = corpus.flatMap((text) => text.match(/"(?:[^"\\]|\\.)*"(?:\s*:)?/g) ?? []);
  const words = new Set([...ALWAYS, ...PIECES, ...quoted.filter((word) => word.length <= LONGEST)]);
  return [...words]
    .slice(0, MOST)
    .map((word) => `"${escaped(word)}"\n`)
    .join('');
}

/** @param {string} word */
function escaped(word) {
  return word.replaceAll(/[^ !#-[\]-~]/g, (unit) => `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
