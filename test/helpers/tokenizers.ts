import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createTokenizer, type TextTokenizer } from '../../src/tokenizer/tokenizer';

const repository = resolve(import.meta.dirname, '../..');
/** The model that comes with the demo: byte-level BPE, 2,048 tokens, no special tokens around a text. */
export const proseFolder = resolve(repository, 'demo/public/models/prose-1.4M');
/** A model outside of the repository: BPE over ▁-words with byte fallback, 512 tokens, BOS before a text. */
export const storiesFolder = resolve(repository, process.env.WEBVERA_TEST_MODELS ?? '../shared/models', 'stories260K');
export const hasStories = existsSync(resolve(storiesFolder, 'tokenizer.json'));
if (!hasStories) console.warn(`Tests with stories260K are skipped: ${storiesFolder} isn't there (WEBVERA_TEST_MODELS)`);

export function openTokenizer(folder: string): TextTokenizer {
  const read = (name: string): string => readFileSync(resolve(folder, name), 'utf8');
  const { vocab_size } = JSON.parse(read('config.json')) as { vocab_size: number };
  return createTokenizer(read('tokenizer.json'), read('tokenizer_config.json'), { vocabSize: vocab_size });
}

/** Prose of about `length` characters with single and double line breaks, numbers, quotes and non-ASCII letters. */
export function proseText(length: number): string {
  const sentences = [
    'The harbour lay quiet under a low, grey sky; nobody had come down from the town since Tuesday.',
    '"You never said so," answered Élise, "and I wouldn\'t have believed it -- not in 1,848 years!"',
    "Naïve as he was, he paid £3.50 for the map (it wasn't worth a penny).",
    'Then   they walked on, past the mill.\n',
    'It rained… 🙂 and 東京 was far away.\n\n',
  ];
  let text = '';
  for (let i = 0; text.length < length; i++) text += `${sentences[(i * i + 3 * i) % sentences.length]} Chapter ${i}. `;
  return text.slice(0, length);
}
