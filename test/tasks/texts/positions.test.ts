import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PADDING_POSITION as P } from '../../../src/models/architecture';
import { attentionSpans } from '../../../src/ops/attention/attention_spans';
import { positionIds, tokenPositions } from '../../../src/tasks/texts/positions';

const shape = { B: 3, T: 5 };
// One row is padded on the left, one on the right, and one has only padding.
const mask = [0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const spansOf = (documents: readonly number[]): Uint32Array => attentionSpans(documents, shape.T);

test('counted from the row’s start, padding included', () => {
  expect([...tokenPositions(shape, spansOf(mask), 'row')]).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
});

test('counted by the mask, padding left out, which is before the first position as in transformers', () => {
  expect([...tokenPositions(shape, spansOf(mask), 'mask')]).toEqual([P, P, 0, 1, 2, 0, 1, 2, P, P, P, P, P, P, P]);
});

test('padding within a row isn’t counted, and is before the first position', () => {
  const spans = spansOf([1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0]);
  expect([...tokenPositions(shape, spans, 'ids')]).toEqual([0, 1, P, 2, 3, 0, P, P, 1, 2, P, 0, P, 1, P]);
});

test('counted from the start of each document', () => {
  const documents = [1, 1, 2, 0, 2, 0, 2, 1, 1, 2, 0, 0, 0, 0, 1];
  expect([...tokenPositions(shape, spansOf(documents), 'row')]).toEqual([0, 1, 0, 1, 2, 0, 1, 0, 1, 0, 0, 1, 2, 3, 4]);
  expect([...tokenPositions(shape, spansOf(documents), 'mask')]).toEqual([0, 1, 0, P, 1, P, 0, 0, 1, 0, P, P, P, P, 0]);
});

test('a batch reads the rows of long texts where one of its texts is long', () => {
  const longTexts = { after: 3, offset: 40 };
  const idsOf = (documents: readonly number[]) => [
    ...positionIds(shape, spansOf(documents), { positions: 'row', longTexts }),
  ];
  const all = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
  const moved = all.map((position) => position + 40);
  // Whether a text is long depends on its last position. As in transformers, it counts padding on the left, but not on the right.
  expect(idsOf([0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0])).toEqual(moved);
  expect(idsOf([1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0])).toEqual(all);
  // In a packed row, positions are counted within each document, so here no text is long.
  expect(idsOf([1, 1, 1, 2, 2, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0]).every((position) => position < 40)).toBe(true);
  expect([...positionIds(shape, spansOf(mask), { positions: 'row' })]).toEqual(all);
});

test('the k-th token of a row is at position k, and padding before all', () => {
  const sizes = fc.record({ B: fc.integer({ min: 1, max: 4 }), T: fc.integer({ min: 1, max: 9 }) });
  const batches = sizes.chain((size) =>
    fc.tuple(
      fc.constant(size),
      fc.array(fc.integer({ min: 0, max: 1 }), { minLength: size.B * size.T, maxLength: size.B * size.T }),
    ),
  );
  fc.assert(
    fc.property(batches, ([size, bits]) => {
      const positions = tokenPositions(size, attentionSpans(bits, size.T), 'mask');
      for (let b = 0; b < size.B; b++) {
        const row = [...positions.slice(b * size.T, (b + 1) * size.T)];
        const ofTokens = row.filter((_, t) => bits[b * size.T + t] === 1);
        expect(ofTokens).toEqual(ofTokens.map((_, k) => k));
        expect(row.filter((_, t) => bits[b * size.T + t] === 0).every((position) => position === P)).toBe(true);
      }
    }),
  );
});
