import { describe, expect, test } from 'vitest';
import { collectRows, type RowOptions } from '../../../src/tasks/causal_lm/collect_rows';
import type { RowSource } from '../../../src/tasks/task/task_data';
import { examples, ids, jsonl, options } from './collecting';

describe('weights', () => {
  const weighted = [
    { text: 'The sea was calm.', weight: 0.5 },
    { text: 'It was late.' },
    { input_ids: ids(1, 20), weight: 2 },
  ];
  const weightsIn = async (source: RowSource, changes: Partial<RowOptions> = {}) =>
    (await collectRows(source, { ...options, ...changes })).rows.map(({ weight }) => weight);

  test('are those of the examples, also where these are cut', async () => {
    expect(await weightsIn(examples(...weighted))).toEqual([0.5, undefined, 2]);
  });

  test('are read from JSON Lines, and from a column of a CSV file, where an empty field is none', async () => {
    expect(await weightsIn(jsonl('{"text":"It was late.","weight":0.25}'))).toEqual([0.25]);
    const blob = new Blob(['text,weight\nIt was late.,0.25\nIt was early.,\nIt was noon., 2\n']);
    expect(await weightsIn({ kind: 'blob', blob, format: 'csv' })).toEqual([0.25, undefined, 2]);
    const bad = new Blob(['text,weight\nIt was late.,heavy\n']);
    await expect(collectRows({ kind: 'blob', blob: bad, format: 'csv' }, options)).rejects.toThrow(
      "line 2: weight: expected a finite number from 0, got 'heavy'",
    );
  });

  test('are left out where losses are measured', async () => {
    const measured = await weightsIn(examples(...weighted), { isWeighted: false, overflow: 'split' });
    expect(measured).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('are refused beside packing, unless they are 1', async () => {
    await expect(collectRows(examples(...weighted), { ...options, packing: true })).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'example 0: expected no weight beside packing, got 0.5',
    });
    const plain = weighted.map((example) => ({ ...example, weight: 1 }));
    expect((await weightsIn(examples(...plain), { packing: true })).every((weight) => weight === undefined)).toBe(true);
  });
});
