import { describe, expect, test } from 'vitest';
import { rowsOfEpoch, rowsToMeasure } from '../../../src/train/steps/row_order';
import { trainingSteps } from '../../../src/train/steps/steps';
import { toArray } from '../../helpers/bytes/to_array';

interface Row {
  readonly id: number;
  readonly label: number;
}

const args = {
  max_length: 8,
  per_device_train_batch_size: 8,
  gradient_accumulation_steps: 1,
  num_train_epochs: 1,
  max_steps: -1,
  seed: 42,
  shuffle: true,
  group_by_length: false,
  objective: 'contrast' as const,
};
const task = { classOf: ({ label }: Row) => label, tokensOf: () => 1 };

/** Makes rows in the order of their classes 0, 1, 2 …. `counts`: the number of rows of each class. */
function rowsOf(...counts: readonly number[]): readonly Row[] {
  const labels = counts.flatMap((count, label) => new Array<number>(count).fill(label));
  return labels.map((label, id) => ({ id, label }));
}

function batchesOf(rows: readonly Row[], size: number): (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, at) => rows.slice(at * size, (at + 1) * size));
}

function classesOf(batch: readonly Row[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { label } of batch) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

describe.each([
  { counts: [8, 8], size: 4 },
  { counts: [32, 32], size: 16 },
  { counts: [8, 8, 8, 8, 8, 8, 8, 8, 8, 8], size: 16 },
  { counts: [40, 6, 2], size: 8 },
])('classes of $counts rows in batches of $size', ({ counts, size }) => {
  const rows = rowsOf(...counts);
  const epochs = async (): Promise<(readonly Row[])[]> =>
    Promise.all(
      [0, 1, 2].map((epoch) => rowsOfEpoch(task, rows, { ...args, per_device_train_batch_size: size }, epoch)),
    );

  test('each row occurs once', async () => {
    for (const epoch of await epochs()) expect(epoch.toSorted((a, b) => a.id - b.id)).toEqual(rows);
  });

  test('each class of a batch has at least two rows there', async () => {
    for (const batch of (await epochs()).flatMap((epoch) => batchesOf(epoch, size))) {
      for (const [label, count] of classesOf(batch)) expect(count, `class ${label}`).toBeGreaterThanOrEqual(2);
    }
  });

  test('epochs differ in their order, and in the rows that share a batch', async () => {
    const [first, second] = await epochs();
    const pairs = (epoch: readonly Row[]): string[] =>
      batchesOf(epoch, 2).map((pair) => String(pair.map(({ id }) => id).toSorted()));
    expect(first).not.toEqual(second);
    expect(pairs(first!).toSorted()).not.toEqual(pairs(second!).toSorted());
  });
});

test('two equally large classes are in every batch', async () => {
  for (const epoch of [0, 1, 2]) {
    const ordered = await rowsOfEpoch(task, rowsOf(32, 32), args, epoch);
    for (const batch of batchesOf(ordered, 8)) expect(classesOf(batch).size).toBe(2);
  }
});

test('a small class is spread over the epoch, not used up at its beginning', async () => {
  const ordered = await rowsOfEpoch(task, rowsOf(56, 8), args, 0);
  const quarters = batchesOf(ordered, 16).map((quarter) => classesOf(quarter).get(1));
  expect(quarters).toEqual([2, 2, 2, 2]);
});

test('rows that odd classes leave over come last', async () => {
  const ordered = await rowsOfEpoch(task, rowsOf(5, 3, 1), args, 0);
  const pairs = batchesOf(ordered.slice(0, 6), 2);
  expect(pairs.every(([a, b]) => a!.label === b!.label)).toBe(true);
  expect(new Set(ordered.slice(6).map(({ label }) => label))).toEqual(new Set([0, 1, 2]));
});

test('steps follow from seed and epoch, so that a resumed run gets the same batches', async () => {
  const stepTask = {
    ...task,
    batch: (rows: readonly Row[]) => ({ B: rows.length, T: 1, labelled: rows.length, rows }),
  };
  const rows = rowsOf(9, 8, 7);
  const steps = (done: number, seed = 42) =>
    toArray(trainingSteps<Row>(stepTask, rows, { ...args, num_train_epochs: 3, seed }, done));
  const whole = await steps(0);
  expect(whole).toHaveLength(9);
  for (const done of [1, 3, 8]) expect(await steps(done)).toEqual(whole.slice(done));
  expect(await steps(0, 7)).not.toEqual(whole);
});

test('the given order is kept without shuffling, and where rows are not compared', async () => {
  const rows = rowsOf(4, 4);
  expect(await rowsOfEpoch(task, rows, { ...args, shuffle: false }, 0)).toBe(rows);
  expect(await rowsToMeasure(task, rows, { ...args, objective: 'labels' })).toBe(rows);
});

test('rows are measured in pairs even if they are trained in their given order', async () => {
  const rows = rowsOf(4, 4);
  const measured = await rowsToMeasure(task, rows, { ...args, shuffle: false, per_device_train_batch_size: 4 });
  for (const batch of batchesOf(measured, 4)) expect([...classesOf(batch).values()]).toEqual([2, 2]);
});
