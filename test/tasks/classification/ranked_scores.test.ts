import { expect, test } from 'vitest';
import type { Labels } from '../../../src/models/labels';
import { rankedScores } from '../../../src/tasks/classification/ranked_scores';

const names = ['a', 'b', 'c'];
const logits = Float32Array.of(Math.log(2), Math.log(5), 0, 7, 7, 7);

test.each<[Labels['problem'], readonly number[], readonly number[]]>([
  ['single_label_classification', [1, 0, 2, 0, 1, 2], [5 / 8, 2 / 8, 1 / 8, 1 / 3, 1 / 3, 1 / 3]],
  ['multi_label_classification', [1, 0, 2, 0, 1, 2], [5 / 6, 2 / 3, 1 / 2, ...Array(3).fill(1 / (1 + Math.exp(-7)))]],
  ['regression', [0, 1, 2, 0, 1, 2], [...logits]],
])(
  '%s: the highest scores first, equal ones in the order of the labels, and numbers in that order',
  (problem, order, scores) => {
    const ranked = rankedScores(logits, { names, problem });
    expect([...ranked.order]).toEqual(order);
    // Logits are float32.
    for (const [at, score] of scores.entries()) expect(ranked.scores[at]).toBeCloseTo(score, 7);
  },
);

test('as many labels as a model may have are ranked', () => {
  const many = Array.from({ length: 2 ** 16 }, (_, label) => `${label}`);
  const rising = Float32Array.from(many, (_, label) => label / 2 ** 12);
  const { order, scores } = rankedScores(rising, { names: many, problem: 'single_label_classification' });
  expect([...order]).toEqual(many.map((_, place) => 2 ** 16 - 1 - place));
  expect(scores.reduce((sum, score) => sum + score)).toBeCloseTo(1, 12);
});
