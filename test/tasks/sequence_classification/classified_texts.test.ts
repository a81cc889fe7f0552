import { expect, test } from 'vitest';
import type { TextSizes } from '../../../src/models/architecture';
import { textsBatch } from '../../../src/tasks/sequence_classification/classified_texts';
import type { TextRow } from '../../../src/tasks/sequence_classification/text_row';

const text: TextSizes = { vocabSize: 100, maxLength: 512, positions: 'row', eosTokenIds: [9], padTokenId: 1 };
const padless: TextSizes = { ...text, padTokenId: undefined };

function row(input_ids: readonly number[], changes: Partial<TextRow> = {}): TextRow {
  return {
    input_ids: Uint32Array.from(input_ids),
    attention_mask: new Uint8Array(input_ids.length).fill(1),
    token_type_ids: new Uint8Array(input_ids.length),
    targets: [0],
    weight: 1,
    ...changes,
  };
}

const format = { text, reads: 'first token', maxLength: 4, isLabelled: true } as const;
const read = (given: TextRow, changes: object): number => textsBatch([given], { ...format, ...changes }).rows[0]!;

test('rows are padded on the right to one length', () => {
  const first = row([5, 6, 7], { token_type_ids: Uint8Array.of(0, 1, 1), targets: [2], weight: 0.5 });
  expect(textsBatch([first, row([8], { targets: [-1.5] })], format)).toEqual({
    B: 2,
    T: 4,
    labelled: 2,
    input_ids: Uint32Array.of(5, 6, 7, 1, 8, 1, 1, 1),
    attention_mask: Uint32Array.of(1, 1, 1, 0, 1, 0, 0, 0),
    token_type_ids: Uint32Array.of(0, 1, 1, 0, 0, 0, 0, 0),
    rows: Uint32Array.of(0, 4),
    targets: Float32Array.of(2, -1.5),
    weights: Float32Array.of(0.5, 1),
  });
});

test('lengths are those of few programs, short for lines, and none is longer than may be', () => {
  const lengths = [1, 17, 64, 65, 200].map(
    (length) => textsBatch([row(Array(length).fill(5))], { ...format, maxLength: 200 }).T,
  );
  expect(lengths).toEqual([16, 32, 64, 128, 200]);
});

test('without labels nothing is predicted', () => {
  expect(textsBatch([row([5])], { ...format, isLabelled: false }).labelled).toBe(0);
});

test.each([
  ['the padding token', text, 1],
  ['else one that ends texts', padless, 9],
  ['else any', { ...padless, eosTokenIds: [] }, 0],
])('fills up with %s', (_name, sizes, id) => {
  expect(textsBatch([row([5])], { ...format, text: sizes }).input_ids[1]).toBe(id);
});

test('heads read the first token, or as transformers the last that is no padding token', () => {
  const reads = 'last token';
  expect(read(row([5, 6, 7]), {})).toBe(0);
  expect(read(row([5, 6, 7]), { reads })).toBe(2);
  // The mask doesn't matter: the last id that isn't padding is read.
  expect(read(row([5, 6, 1, 1], { attention_mask: new Uint8Array(4) }), { reads })).toBe(1);
  expect(read(row([1, 1, 1]), { reads })).toBe(0);
  const batch = textsBatch([row([5, 1]), row([5, 6, 7, 8])], { ...format, reads });
  expect([...batch.rows]).toEqual([0, 7]);
});

test('without a padding token the mask decides the last token', () => {
  const masked = row([5, 6, 7], { attention_mask: Uint8Array.of(1, 1, 0) });
  expect(read(masked, { reads: 'last token', text: padless })).toBe(1);
});
