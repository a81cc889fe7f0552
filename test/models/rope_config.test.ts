import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { PretrainedConfig } from '../../src/core/model';
import type { Architecture } from '../../src/models/architecture';
import { createArchitecture } from '../../src/models/registry';

interface Row {
  readonly situation: string;
  readonly config: PretrainedConfig;
  /** For each length: cosines, then sines, of the last position. */
  readonly tables?: readonly (readonly number[])[];
  /** What transformers raises. */
  readonly error?: string;
}

const golden: { readonly lengths: readonly number[]; readonly rows: readonly Row[] } = JSON.parse(
  readFileSync('test/golden/rope.json', 'utf8'),
);
const isRefused = ({ error }: Row): boolean => error !== undefined;

/** The row of the last position of a text. */
function lastRow(model: Architecture, length: number): readonly number[] {
  const [rope] = model.constants;
  const [, R = 0] = rope?.shape ?? [];
  return [...(rope?.compute() ?? [])].slice((length - 1) * R, length * R);
}

describe.each(golden.rows.filter((row) => !isRefused(row)))('$situation', ({ config, tables = [] }) => {
  test.each(golden.lengths.map((length, index) => [length, index] as const))(
    'a text of %i tokens has transformers’ cosines and sines',
    (length, index) => {
      const row = lastRow(createArchitecture(config), length);
      const expected = tables[index] ?? [];
      expect(row).toHaveLength(expected.length);
      // transformers multiplies positions up to 23 by frequencies in float32.
      row.forEach((number, j) => {
        expect(Math.abs(number - (expected[j] ?? Number.NaN)), `number ${j}`).toBeLessThan(4e-6);
      });
    },
  );
});

test.each(golden.rows.filter(isRefused))('$situation is refused, as by transformers', ({ config }) => {
  expect(() => createArchitecture(config)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/^config\.json: .*: expected .*, got /) }),
  );
});

test('tables are as long as their shapes say', () => {
  for (const { config } of golden.rows.filter((row) => !isRefused(row))) {
    for (const { shape, compute } of createArchitecture(config).constants) {
      expect(compute()).toHaveLength(shape.reduce((rows, columns) => rows * columns));
    }
  }
});
