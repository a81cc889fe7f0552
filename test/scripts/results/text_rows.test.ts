import { expect, test } from 'vitest';
import { tableRows } from '../../helpers/bytes/tables';

const rows = tableRows('docs/RESULTS.md', 'Texts').map(([data = '', shots = '', method = '', accuracy = '']) => {
  const [mean = Number.NaN, deviation = Number.NaN] = accuracy.split(' ± ').map(Number);
  return { data, shots, method, mean, deviation };
});
type Row = (typeof rows)[number];
/** Pairs the rows of one method with those of another, for the same model and number of examples. */
const pairs = (one: string, other: string): readonly (readonly [Row, Row])[] =>
  rows
    .filter(({ method }) => method === one)
    .flatMap((row) => {
      const match = rows.find(
        ({ data, shots, method }) => data === row.data && shots === row.shots && method === other,
      );
      return match === undefined ? [] : [[row, match] as const];
    });

test("the instant head is as good as scikit-learn's regression on the same vectors", () => {
  const compared = pairs('instant head', 'logistic regression of vectors');
  expect(compared.length).toBeGreaterThan(0);
  for (const [instant, regression] of compared) expect(instant.mean).toBeGreaterThan(regression.mean - 0.5);
});

test('a sentence encoder’s refined VeRA is better than its instant head', () => {
  const compared = pairs('refined VeRA', 'instant head').filter(([{ data }]) => data.endsWith('MiniLM-L6-v2'));
  expect(compared.length).toBeGreaterThan(0);
  for (const [refined, instant] of compared) expect(refined.mean).toBeGreaterThan(instant.mean);
});
