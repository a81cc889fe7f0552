import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { TextSizes } from '../../../src/models/architecture';
import { taggedRow } from '../../../src/tasks/token_classification/tagged_row';
import { createTokenizer } from '../../../src/tokenizer/tokenizer';

interface Row {
  readonly tokenizer: string;
  readonly words: readonly string[];
  readonly max_length: number;
  readonly input_ids: readonly number[];
  readonly labels: readonly number[];
}

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
const { rows }: { readonly rows: readonly Row[] } = read('test/golden/words.json');
const { tokenizers } = read('test/golden/encoding.json');
const text: TextSizes = { vocabSize: 2 ** 16, maxLength: 512, positions: 'row', eosTokenIds: [], padTokenId: 0 };
const labels = { names: ['A', 'B', 'C', 'D'], problem: 'single_label_classification' } as const;

function tokenizerOf(name: string) {
  const { file, changes } = tokenizers[name];
  return createTokenizer(JSON.stringify({ ...read(`test/oracle/tokenizers/${file}`), ...changes }));
}

// The rows of RoBERTa, GPT-2 and Llama 3 are those of Python's tokenizers with add_prefix_space=True, although the files say false. Without
// a space before it, a word would have tokens that it never has after a space in a text.
test.each(rows)(
  '$tokenizer: $words, $max_length tokens',
  ({ tokenizer, words, max_length, input_ids, ...expected }) => {
    const options = { tokenizer: tokenizerOf(tokenizer), text, labels, maxLength: max_length };
    const row = taggedRow({ tokens: words, labels: words.map((_, word) => word) }, 'example 0', options);
    expect([...row.input_ids]).toEqual(input_ids);
    expect([...row.labels]).toEqual(expected.labels);
  },
);

test('a weight is refused, unless it is 1', () => {
  const options = { tokenizer: undefined, text, labels, maxLength: 8 };
  const example = { input_ids: [5, 6], labels: [0, 1] };
  expect(() => taggedRow({ ...example, weight: 5 }, 'example 3', options)).toThrow(
    'example 3: weight: expected none for a classifier, got 5',
  );
  expect(taggedRow({ ...example, weight: 1 }, 'example 3', options)).toEqual(taggedRow(example, 'example 3', options));
});
