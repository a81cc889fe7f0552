import { expect, test } from 'vitest';
import { fitRegressions } from '../../../scripts/results/scikit/regression.mjs';
import { describeWithPeft } from '../lib/peft';

const labels = Array.from({ length: 20 }, (_, row) => (row % 2 === 0 ? 'fruit' : 'tool'));
const words = labels.map((label, row) => `${label === 'fruit' ? 'a ripe apple' : 'a steel hammer'} ${row}`);
const vectors = labels.map((label, row) => [label === 'fruit' ? 1 : -1, row / 20]);
const rows = Array.from({ length: 12 }, (_, row) => row);
const report = (): void => {};

describeWithPeft('rows of RESULTS.md that scikit-learn measures', () => {
  test.each([
    ['texts', words],
    ['vectors', vectors],
  ])('regressions of %s, each over its own rows', async (_, inputs) => {
    const train = { inputs, labels };
    const wrong = { inputs, labels: labels.toReversed() };
    const runs = [rows, rows.toReversed().slice(2)];
    const found = await fitRegressions({ train, test: train, runs }, report);
    expect(found.map(({ accuracy }) => accuracy)).toEqual([1, 1]);
    for (const { C, seconds } of found) expect([C > 0, seconds > 0]).toEqual([true, true]);
    const [first] = await fitRegressions({ train, test: wrong, runs: [rows] }, report);
    expect(first?.accuracy).toBe(0);
  });

  test('an error of Python is reported', async () => {
    const train = { inputs: words, labels };
    await expect(fitRegressions({ train, test: train, runs: [[99]] }, report)).rejects.toThrow(/regression\.py failed/);
  });
});
