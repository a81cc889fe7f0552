import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createTokenizer, type TextTokenizer } from '../../../src/tokenizer/tokenizer';

const repository = resolve(import.meta.dirname, '../../..');
/** The demo's bundled model: byte-level BPE, 2,048 tokens; adds no special tokens to a text. */
export const proseFolder = resolve(repository, 'demo/public/models/prose-1.4M');
/** A model outside the repository: BPE with ▁ for spaces and with byte fallback, 512 tokens; adds BOS before a text. */
export const storiesFolder = resolve(repository, process.env.WEBVERA_TEST_MODELS ?? '../shared/models', 'stories260K');
export const hasStories = existsSync(resolve(storiesFolder, 'tokenizer.json'));
if (!hasStories) console.warn(`Tests with stories260K are skipped: ${storiesFolder} isn't there (WEBVERA_TEST_MODELS)`);

export function openTokenizer(folder: string): TextTokenizer {
  const read = (name: string): string => readFileSync(resolve(folder, name), 'utf8');
  const { vocab_size } = JSON.parse(read('config.json')) as { vocab_size: number };
  return createTokenizer(read('tokenizer.json'), read('tokenizer_config.json'), { vocabSize: vocab_size });
}

/** Returns prose of `length` UTF-16 units, with single and double line breaks, numbers, quotes and non-ASCII letters. */
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

/**
 * Creates a small BPE tokenizer with ▁ for spaces and with byte fallback, as in Llama 2 and Phi-3, or, if no space is prepended to a text,
 * as in Gemma. It has few merges.
 */
export function spacedTokenizer({ prepends = true } = {}): TextTokenizer {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const letters = [...'▁abcdefghijklmnopqrstuvwxyz0123456789.,的一是'];
  const merges = ['▁ t', 'h e', '▁t he', '▁ ▁', '▁▁ ▁▁', 'e r', '1 2', '0 0', '的 一', 'i n', '▁ a'];
  const tokens = ['<unk>', '<s>', '</s>', ...bytes, ...letters, ...merges.map((merge) => merge.replace(' ', ''))];
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const json = {
    added_tokens: ['<unk>', '<s>', '</s>'].map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: prepends ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, spaces] } : spaces,
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [{ ...spaces, pattern: { String: '▁' }, content: ' ' }, { type: 'ByteFallback' }, { type: 'Fuse' }],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
  return createTokenizer(JSON.stringify(json));
}

/** Returns texts that are hard to encode window by window, because the result must have the same tokens as the whole text. */
export function longTexts(length: number): readonly (readonly [kind: string, text: string])[] {
  const grow = (unit: (i: number) => string): string => {
    let text = '';
    for (let i = 0; text.length < length; i++) text += unit(i);
    return text.slice(0, length);
  };
  // The digits of an irrational number's multiples have no pattern.
  const digits = (i: number): string => String(Math.floor(((i * Math.SQRT2) % 1) * 1e9));
  return [
    ['prose', proseText(length)],
    ['Chinese', grow((i) => `${String.fromCharCode(0x4e00 + ((i * 7919) % 3000))}${i % 13 === 12 ? '，' : ''}`)],
    ['Chinese without a sign', grow((i) => String.fromCharCode(0x4e00 + ((i * 7919) % 3000)))],
    ['a table of numbers', grow((i) => `${digits(i)}${i % 6 === 5 ? '\n' : '\t'}`)],
    ['digits', grow(digits)],
    ['code', grow((i) => `${' '.repeat(4 * (i % 5))}if (a_${i} >= ${digits(i)}) { return foo[${i}]->bar('x\\n'); }\n`)],
    ['quoted lists', grow((i) => `"${digits(i)}","a${i}",`)],
    ['spaces', grow((i) => ' '.repeat((i % 9) + 1) + (i % 4 === 0 ? '\n' : i))],
    ['special tokens', grow((i) => `${i}<|endoftext|></s>`)],
    ['characters outside of the basic plane', grow(() => '🙂👍🏽')],
  ];
}
