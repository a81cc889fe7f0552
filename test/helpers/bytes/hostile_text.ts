import { readFileSync } from 'node:fs';

/** A text that would run a script if a page inserted it as HTML. Pages under test have no other img element. */
export const IMAGE = '<img src=x onerror=hit()>';
/** The same HTML as a token of byte-level BPE. It has slashes for spaces, because that alphabet has no space. */
const TOKEN = '<img/src=x/onerror=hit()>';

/** Returns the bundled model's tokenizer.json with an img element in place of each token that is longer than a byte. */
export function hostileTokenizer(): string {
  const path = new URL('../../../demo/public/models/prose-1.4M/tokenizer.json', import.meta.url);
  const json = JSON.parse(readFileSync(path, 'utf8'));
  const vocab = Object.entries<number>(json.model.vocab).map(([token, id]) => [id > 256 ? `${TOKEN}${id}` : token, id]);
  return JSON.stringify({ ...json, model: { ...json.model, vocab: Object.fromEntries(vocab), merges: [] } });
}
