import { expect, test, vi } from 'vitest';
import { Breather } from '../../../src/core/async/breather';
import { inputRows } from '../../../src/worker/models/input_rows';

const inputs = ['a', 'b', 'c', 'd'].map((text) => ({ text }));
const reading = (signal?: AbortSignal) => ({ inputs, call: 'predict', breather: new Breather(signal) });

test('rows are made at once, each once', async () => {
  const row = vi.fn(({ text }, where) => `${text} of ${where}`);
  const rowsAt = await inputRows({ ...reading(), row });
  expect(row).toHaveBeenCalledTimes(4);
  expect(await rowsAt([2, 0])).toEqual(['c of predict: inputs[2]', 'a of predict: inputs[0]']);
  expect(row).toHaveBeenCalledTimes(4);
});

test('rows of inputs that are only checked are made when they are asked for, and not kept', async () => {
  const row = vi.fn(async ({ text }) => text);
  const check = vi.fn();
  const rowsAt = await inputRows({ ...reading(), check, row });
  expect(check.mock.calls.map(([, where]) => where)).toEqual(inputs.map((_, index) => `predict: inputs[${index}]`));
  expect(row).not.toHaveBeenCalled();
  expect(await rowsAt([0, 1])).toEqual(['a', 'b']);
  expect(row).toHaveBeenCalledTimes(2);
  await rowsAt([1]);
  expect(row).toHaveBeenCalledTimes(3);
});

test('a refused input and an aborted signal end the reading', async () => {
  const cancel = new AbortController();
  const row = vi.fn();
  const check = (_input: object, where: string): void => {
    if (where.includes('[3]')) throw new Error(`refused ${where}`);
  };
  await expect(inputRows({ ...reading(), check, row })).rejects.toThrow('refused predict: inputs[3]');
  const rowsAt = await inputRows({
    ...reading(cancel.signal),
    check: () => cancel.abort(new Error('cancelled')),
    row,
  }).catch((error: unknown) => error);
  expect(rowsAt).toMatchObject({ message: 'cancelled' });
  expect(row).not.toHaveBeenCalled();
});
