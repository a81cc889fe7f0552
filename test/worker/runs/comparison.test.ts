import { expect, test } from 'vitest';
import type { Runner } from '../../../src/graph/runner';
import type { LoadedModel } from '../../../src/models/loaded_model';
import type { RunTask } from '../../../src/tasks/task/run_task';
import { type Compared, comparison } from '../../../src/worker/runs/comparison';

interface Row {
  logps: readonly [number, number];
}

const unknown = (): Row => ({ logps: [Number.NaN, Number.NaN] });

/** Makes the parts of a run that `comparison` uses. They throw an error if the base model would have to compute log probabilities. */
function compared(): Compared {
  const reference = {
    keep(rows: readonly Row[], logps: Float32Array) {
      for (const [index, row] of rows.entries()) row.logps = [logps[index]!, logps[rows.length + index]!];
    },
    kept: (rows: readonly Row[]) =>
      Float32Array.from([0, 1].flatMap((which) => rows.map(({ logps }) => logps[which]!))),
    logps: () => Promise.reject(new Error('unreachable')),
  };
  const batch = () => {
    throw new Error('the base model is asked');
  };
  return {
    task: { reference, batch } as unknown as RunTask,
    runner: { free() {} } as unknown as Runner,
    loaded: {} as LoadedModel,
    args: { per_device_train_batch_size: 1, max_length: 8 },
  };
}

const asked = 'the base model is asked';
const known = Float32Array.of(-1, -2, Number.NaN, -4, -5, Number.NaN);

test('a resumed run doesn’t ask the base model again for what its checkpoint has', async () => {
  const all = [unknown(), unknown(), unknown()];
  const compare = comparison(compared(), { all, used: async () => [all[1], all[0]], known });
  expect(await compare?.({})).toEqual(known);
  expect(all.map(({ logps }) => logps)).toEqual([
    [-1, -4],
    [-2, -5],
    [Number.NaN, Number.NaN],
  ]);
});

test('it asks if it uses other rows, or its checkpoint has other numbers or none', async () => {
  const all = [unknown(), unknown(), unknown()];
  const used = async () => all;
  await expect(comparison(compared(), { all, used, known })?.({})).rejects.toThrow(asked);
  const others = [unknown(), unknown(), unknown()];
  const some = async () => others.slice(0, 2);
  const short = known.slice(1);
  await expect(comparison(compared(), { all: others, used: some, known: short })?.({})).rejects.toThrow(asked);
  expect(others).toEqual([unknown(), unknown(), unknown()]);
  await expect(comparison(compared(), { all: [unknown()], used: async () => [unknown()] })?.({})).rejects.toThrow(
    asked,
  );
});

test('a task that compares nothing has none', () => {
  const task = {} as RunTask;
  expect(comparison({ ...compared(), task }, { all: [], used: async () => [] })).toBeUndefined();
});
