import { expect, test } from 'vitest';
import { viewFeatures } from '../../../src/worker/runs/view_features';

/** Makes fake functions that record their calls: each row is a number with two views, n and −n, and a view is its own feature. */
function twoViews() {
  const asked: number[] = [];
  const passes: number[] = [];
  const viewsOf = (row: unknown): number[] => {
    asked.push(row as number);
    return [row as number, -(row as number)];
  };
  const featuresOf = async (views: readonly unknown[]): Promise<Float32Array<ArrayBuffer>> => {
    passes.push(asked.length);
    return Float32Array.from(views as number[]);
  };
  return { asked, passes, viewsOf, featuresOf };
}

const rows = Array.from({ length: 70 }, (_, index) => index + 1);

test('views of a portion of rows are held at a time, and features have the order of the rows', async () => {
  const { passes, ...head } = twoViews();
  const { signal } = new AbortController();
  const features = await viewFeatures(rows, { ...head, signal });
  expect([...(features ?? [])]).toEqual(rows.flatMap((row) => [row, -row]));
  expect(passes).toEqual([32, 64, 70]);
  expect(await viewFeatures(rows, { ...head, viewsOf: () => [], signal })).toBeUndefined();
});

test('an abort ends it after the portion in progress', async () => {
  const { asked, ...head } = twoViews();
  const ending = new AbortController();
  const featuresOf: typeof head.featuresOf = (views) => {
    ending.abort(new Error('over'));
    return head.featuresOf(views);
  };
  await expect(viewFeatures(rows, { ...head, featuresOf, signal: ending.signal })).rejects.toThrow('over');
  expect(asked).toHaveLength(32);
});
