import { readFileSync } from 'node:fs';

/** A text that would run a script if a page used it as HTML. No test's page has another image. */
export const IMAGE = '<img src=x onerror=hit()>';
/** The same text as a token of byte-level BPE, whose alphabet has no space. */
const TOKEN = '<img/src=x/onerror=hit()>';

/** The bundled model's tokenizer, with an image in place of each token of several letters. */
export function hostileTokenizer(): string {
  const path = new URL('../../../demo/public/models/prose-1.4M/tokenizer.json', import.meta.url);
  const json = JSON.parse(readFileSync(path, 'utf8'));
  const vocab = Object.entries<number>(json.model.vocab).map(([token, id]) => [id > 256 ? `${TOKEN}${id}` : token, id]);
  return JSON.stringify({ ...json, model: { ...json.model, vocab: Object.fromEntries(vocab), merges: [] } });
}
