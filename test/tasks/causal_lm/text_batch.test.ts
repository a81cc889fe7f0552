import { describe, expect, test } from 'vitest';
import { bucketLength } from '../../../src/core/numbers/bucket';
import { labelledRows, makeBatch } from '../../../src/tasks/causal_lm/text_batch';
import type { TokenRow } from '../../../src/tasks/causal_lm/token_row';
import { batchesInOrder } from '../../../src/tasks/task/task_batches';
import { IGNORED } from '../../../src/tasks/texts/token_labels';

function row(ids: readonly number[], labels: readonly number[] = ids, mask = ids.map(() => 1)): TokenRow {
  return {
    input_ids: Uint32Array.from(ids),
    labels: Int32Array.from(labels),
    attention_mask: Uint8Array.from(mask),
  };
}

const pads = { padTokenId: 9, eosTokenIds: [] };

test.each([
  [2, 512, 16],
  [16, 512, 16],
  [17, 512, 32],
  [64, 512, 64],
  [65, 512, 128],
  [257, 512, 512],
  [300, 300, 300],
  [3, 10, 10],
  [200, 200, 200],
  [130, 200, 200],
  [100, 200, 128],
])('a row of %i tokens, at most %i: T = %i', (longest, maxLength, expected) => {
  expect(bucketLength(longest, maxLength)).toBe(expected);
});

describe('makeBatch', () => {
  test('gives each label the weight of its row, if any weighs more or less than 1', () => {
    const rows = [{ ...row([1, 2, 3]), weight: 0.5 }, row([5, 6]), { ...row([7, 8]), weight: 0 }];
    const { weights, labelled, isWeighted } = makeBatch(rows, 4, pads);
    expect([...(weights?.slice(0, labelled) ?? [])]).toEqual([0.5, 0.5, 1, 0]);
    expect(isWeighted).toBe(true);
    const plain = makeBatch([{ ...row([1, 2, 3]), weight: 1 }, row([5, 6])], 4, pads);
    expect(plain).toEqual(makeBatch([row([1, 2, 3]), row([5, 6])], 4, pads));
    expect(plain).not.toHaveProperty('weights');
  });

  test('pads on the right', () => {
    const batch = makeBatch([row([1, 2, 3, 4]), row([5, 6])], 4, pads);
    expect([batch.B, batch.T]).toEqual([2, 4]);
    expect([...batch.input_ids]).toEqual([1, 2, 3, 4, 5, 6, 9, 9]);
    expect([...batch.attention_mask]).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect([...batch.rows]).toEqual([0, 1, 2, 4, 0, 0, 0, 0]);
    expect([...batch.targets]).toEqual([2, 3, 4, 6, 0, 0, 0, 0]);
    expect(batch.labelled).toBe(4);
  });

  test('keeps the padding that rows bring along', () => {
    const batch = makeBatch([row([9, 5, 6], [IGNORED, IGNORED, 6], [0, 1, 1])], 4, pads);
    expect([...batch.attention_mask].slice(0, 4)).toEqual([0, 1, 1, 0]);
    expect([...batch.rows].slice(0, batch.labelled)).toEqual([1]);
    expect([...batch.targets].slice(0, batch.labelled)).toEqual([6]);
  });
});

describe('labelledRows', () => {
  test('the logits at t meet the label at t + 1', () => {
    const { rows, targets, labelled } = labelledRows([7, IGNORED, 8, 9, 1, 2, IGNORED, 3], 2, 4);
    expect([...rows].slice(0, labelled)).toEqual([1, 2, 4, 6]);
    expect([...targets].slice(0, labelled)).toEqual([8, 9, 2, 3]);
  });

  test('never reaches into the next row', () => {
    expect(labelledRows([IGNORED, IGNORED, 5, IGNORED], 2, 2).labelled).toBe(0);
  });

  test('one position per row has nothing to predict', () => {
    expect(labelledRows([1, 2, 3], 3, 1)).toMatchObject({ labelled: 0 });
  });
});

test('batchesInOrder takes every row once', () => {
  const rows = [row([1, 2]), row([3, 4, 5]), row([6, 7])];
  const task = { batch: (some: readonly TokenRow[]) => makeBatch(some, 4, pads) };
  const args = { max_length: 4, per_device_train_batch_size: 2 };
  const batches = [...batchesInOrder(task, rows, args)];
  expect(batches.map(({ labelled }) => labelled)).toEqual([3, 1]);
  // The last batch has only the remaining row.
  expect(batches.map(({ B }) => B)).toEqual([2, 1]);
  expect(batches.map(({ input_ids }) => [...input_ids])).toEqual([
    [1, 2, 9, 9, 3, 4, 5, 9],
    [6, 7, 9, 9],
  ]);
});
