import { readFileSync } from 'node:fs';

/** What would run if it were ever taken for HTML. No page of a test has an image. */
export const IMAGE = '<img src=x onerror=hit()>';
/** The same as a token of byte-level BPE, whose alphabet has no space. */
const TOKEN = '<img/src=x/onerror=hit()>';

/** The bundled model's tokenizer, all of whose tokens of several letters are images. */
export function hostileTokenizer(): string {
  const path = new URL('../../../demo/public/models/prose-1.4M/tokenizer.json', import.meta.url);
  const json = JSON.parse(readFileSync(path, 'utf8'));
  const vocab = Object.entries<number>(json.model.vocab).map(([token, id]) => [id > 256 ? `${TOKEN}${id}` : token, id]);
  return JSON.stringify({ ...json, model: { ...json.model, vocab: Object.fromEntries(vocab), merges: [] } });
}
