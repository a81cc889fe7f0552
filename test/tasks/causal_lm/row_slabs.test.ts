import { expect, test } from 'vitest';
import { RowSlabs } from '../../../src/tasks/causal_lm/row_slabs';
import type { TokenRow } from '../../../src/tasks/causal_lm/token_row';
import { IGNORED } from '../../../src/tasks/texts/token_labels';

function row(length: number, seed: number): TokenRow {
  return {
    input_ids: Uint32Array.from({ length }, (_, t) => seed + t),
    labels: Int32Array.from({ length }, (_, t) => (t % 3 === 0 ? IGNORED : seed + t)),
    attention_mask: Uint8Array.from({ length }, (_, t) => t % 2),
  };
}

test('short rows keep their tokens, and share few buffers', () => {
  const given = Array.from({ length: 60 }, (_, i) => row(4000 - i, i));
  const slabs = new RowSlabs();
  const stored = given.map((one) => slabs.store(one));
  const texts = (rows: readonly TokenRow[]): string[] =>
    rows.map(({ input_ids, labels, attention_mask }) => [input_ids, labels, attention_mask].join());
  expect(texts(stored)).toEqual(texts(given));
  expect(new Set(stored.map(({ input_ids }) => input_ids.buffer)).size).toBe(4);
});

test('a long row keeps its own arrays', () => {
  const long = row(5000, 0);
  expect(new RowSlabs().store(long)).toBe(long);
});
