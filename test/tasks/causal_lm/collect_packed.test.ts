import { describe, expect, test } from 'vitest';
import { collectRows } from '../../../src/tasks/causal_lm/collect_rows';
import type { TokenRow } from '../../../src/tasks/causal_lm/token_row';
import { IGNORED } from '../../../src/tasks/texts/token_labels';
import { examples, ids, idsOf, options } from './collecting';

describe('packing', () => {
  test('joins rows, EOS between them, and cuts blocks', async () => {
    const source = examples({ input_ids: ids(1, 10) }, { input_ids: [20, 0] }, { input_ids: ids(30, 10) });
    expect(await idsOf(source, { packing: true })).toEqual([
      [...ids(1, 10), 0, 20, 0, ...ids(30, 3)],
      [...ids(33, 7), 0],
    ]);
  });

  test('keeps examples apart: where the number changes, another begins, and its first token is not learned', async () => {
    const source = examples({ input_ids: ids(1, 10) }, { input_ids: [20, 0] }, { input_ids: ids(30, 10) });
    const { rows } = await collectRows(source, { ...options, packing: true });
    expect(rows.map(({ attention_mask }) => [...attention_mask])).toEqual([
      [...Array(11).fill(1), 2, 2, 1, 1, 1],
      Array(8).fill(1),
    ]);
    expect(rows.map(({ labels }) => [...labels])).toEqual([
      [IGNORED, ...ids(2, 9), 0, IGNORED, 0, IGNORED, 31, 32],
      [...ids(33, 7), 0],
    ]);
  });

  test('examples stay apart if an empty example is between them', async () => {
    const source = examples(
      { input_ids: [1, 2] },
      { input_ids: [] },
      { input_ids: [3, 4], attention_mask: [0, 0] },
      {
        input_ids: [5, 6],
      },
    );
    const { rows } = await collectRows(source, { ...options, packing: true });
    expect(rows.map(({ attention_mask }) => [...attention_mask])).toEqual([[1, 1, 1, 2, 2, 2]]);
  });

  test('keeps labels and drops padding', async () => {
    const { rows } = await collectRows(
      examples({ input_ids: [5, 6, 7], attention_mask: [0, 1, 1], labels: [IGNORED, IGNORED, 7] }),
      { ...options, packing: true },
    );
    const [row] = rows as [TokenRow];
    expect([...row.input_ids]).toEqual([6, 7, 0]);
    expect([...row.labels]).toEqual([IGNORED, 7, 0]);
    expect([...row.attention_mask]).toEqual([1, 1, 1]);
  });
});
