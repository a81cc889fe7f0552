import { expect, test } from 'vitest';
import type { Batch } from '../../../src/tasks/task/task_batches';
import { keyedRows, keyedViews } from '../../../src/worker/runs/keyed_rows';
import { FeatureCache, type FeaturePass, remember } from '../../../src/worker/runs/row_features';

interface NumberBatch extends Batch {
  readonly numbers: readonly number[];
}

/**
 * A fake pass over rows that are numbers. A row has two views, n + 0.5 and −n, and is its own only feature. Records the views that were made
 * and the batches that ran.
 */
function fakePass(more: Partial<FeaturePass> = {}) {
  const made: number[] = [];
  const batches: (readonly number[])[] = [];
  const task = {
    columns: (row: number) => [Float64Array.of(row)],
    tokensOf: (row: number) => row % 10,
    batch: (numbers: readonly number[]): NumberBatch => ({ B: numbers.length, T: 1, labelled: 0, numbers }),
    inputs() {},
    write() {},
  };
  const run = async (_: unknown, { numbers }: NumberBatch): Promise<Float32Array> => {
    batches.push(numbers);
    return Float32Array.from(numbers);
  };
  const views = [(row: number) => row + 0.5, (row: number) => -row].map((view) => ({
    of(row: number) {
      made.push(row);
      return view(row);
    },
  }));
  const pass = {
    model: { task, run },
    head: { size: 1, views },
    args: { per_device_train_batch_size: 4 },
    signal: new AbortController().signal,
    state: 'state',
    used: new Map(),
    ...more,
  } as unknown as FeaturePass;
  return { pass, made, batches };
}

test('the features have the order of the rows, and only new rows run', async () => {
  const cache = new FeatureCache();
  const { pass, batches } = fakePass();
  const of = async (...numbers: readonly number[]) => {
    const { features, computed } = await cache.of(await keyedRows(numbers, pass), pass);
    return [[...features], computed];
  };
  expect(await of(3, 12, 5, 3, 11, 4, 6)).toEqual([[3, 12, 5, 3, 11, 4, 6], 6]);
  expect(batches).toEqual([
    [11, 12, 3, 4],
    [5, 6],
  ]);
  expect(await of(12, 7)).toEqual([[12, 7], 1]);
  expect(pass.used.size).toBe(7);
  expect(await cache.of([], pass)).toEqual({ features: new Float32Array(0), computed: 0 });
});

test('a view is made only if its features are unknown', async () => {
  const cache = new FeatureCache();
  const { pass, made } = fakePass();
  const viewsOf = async (numbers: readonly number[], { head, ...rest } = pass) => {
    const { features } = await cache.of(keyedViews(await keyedRows(numbers, rest), head.views), { head, ...rest });
    return [...features];
  };
  expect(await viewsOf([1, 2])).toEqual([1.5, -1, 2.5, -2]);
  expect(made).toEqual([1, 1, 2, 2]);
  expect(await viewsOf([2, 1])).toEqual([2.5, -2, 1.5, -1]);
  expect(await viewsOf([1, 3])).toEqual([1.5, -1, 3.5, -3]);
  expect(made).toEqual([1, 1, 2, 2, 3, 3]);
  // Another adapter needs all of them.
  await viewsOf([1], { ...pass, state: 'other' });
  expect(made).toHaveLength(8);
  // A later session knows them from the profile.
  const later = fakePass({ stored: { known: async () => pass.used } });
  const { features } = await new FeatureCache().of(
    keyedViews(await keyedRows([3, 1], later.pass), later.pass.head.views),
    later.pass,
  );
  expect([[...features], later.made]).toEqual([[3.5, -3, 1.5, -1], []]);
});

test('views have keys of their own', async () => {
  const { pass } = fakePass();
  const rows = await keyedRows([1, 2], pass);
  const views = keyedViews(rows, pass.head.views);
  expect(views.map(({ row }) => row)).toEqual([1, 1, 2, 2]);
  expect(new Set([...rows, ...views].map(({ key }) => key)).size).toBe(6);
  expect(keyedViews(rows, [])).toEqual([]);
});

test('an abort ends it after the batch in progress, whose features are known afterwards', async () => {
  const ending = new AbortController();
  const { pass, made, batches } = fakePass({ signal: ending.signal });
  const rows = keyedViews(await keyedRows([1, 2, 3, 4, 5], pass), pass.head.views);
  const { run } = pass.model;
  const model = Object.assign(pass.model, {
    run: (...args: Parameters<typeof run>) => {
      ending.abort(new Error('over'));
      return run(...args);
    },
  });
  const cache = new FeatureCache();
  await expect(cache.of(rows, { ...pass, model })).rejects.toThrow('over');
  expect(batches).toHaveLength(1);
  expect(made).toHaveLength(8);
  const { signal } = new AbortController();
  expect((await cache.of(rows.slice(0, 5), { ...pass, model, signal })).computed).toBe(1);
});

test('holds the features that were used last', () => {
  const known = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
  remember(known, new Map([['a', 1]]), 3);
  expect([...known.keys()]).toEqual(['b', 'c', 'a']);
  remember(known, new Map([['d', 4]]), 3);
  expect([...known.keys()]).toEqual(['c', 'a', 'd']);
  remember(known, new Map(), 1);
  expect([...known.keys()]).toEqual(['d']);
});
