import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PretrainedConfig } from '../../../src/core/types/model';
import { type Architecture, textSizes } from '../../../src/models/architecture';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { codeThrownBy } from '../../helpers/bytes/safetensors_bytes';

interface Row {
  readonly situation: string;
  readonly config: PretrainedConfig;
  /** For each of `lengths`: the cosines, then the sines, of the last position. */
  readonly tables?: readonly (readonly number[])[];
  /** The class name of transformers' error. */
  readonly error?: string;
}

const golden: { readonly lengths: readonly number[]; readonly rows: readonly Row[] } = JSON.parse(
  readFileSync('test/golden/rope.json', 'utf8'),
);
const isRefused = ({ error }: Row): boolean => error !== undefined;

/** Returns the row of the rotary table for the last position of a text with `length` tokens. */
function lastRow(model: Architecture, length: number): readonly number[] {
  const [rope] = model.constants;
  const [, R = 0] = rope?.shape ?? [];
  const { longTexts } = textSizes(model);
  const offset = longTexts !== undefined && length > longTexts.after ? longTexts.offset : 0;
  return [...(rope?.compute() ?? [])].slice((offset + length - 1) * R, (offset + length) * R);
}

describe.each(golden.rows.filter((row) => !isRefused(row)))('$situation', ({ config, tables = [] }) => {
  test.each(golden.lengths.map((length, index) => [length, index] as const))(
    'a text of %i tokens has transformers’ cosines and sines',
    (length, index) => {
      const row = lastRow(createArchitecture(config), length);
      const expected = tables[index] ?? [];
      expect(row).toHaveLength(expected.length);
      // transformers multiplies positions (up to 23) by frequencies in float32, which rounds its angles.
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

test('whatever a field holds, the model is refused, or its table has numbers in all its rows', () => {
  const rows = golden.rows.filter((row) => !isRefused(row));
  const fields = rows.flatMap(({ config }) =>
    Object.keys({ ...(config.rope_parameters ?? {}), partial_rotary_factor: 1 }).map((field) => ({ config, field })),
  );
  const values = fc.oneof(
    fc.jsonValue(),
    fc.double(),
    fc.double({ min: 0, max: 100 }),
    fc.array(fc.double(), { maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...fields), values, ({ config, field }, value) => {
      const changed = { ...config, rope_parameters: { ...(config.rope_parameters ?? {}), [field]: value } };
      const code = codeThrownBy(() => createArchitecture(changed));
      expect([undefined, 'invalid_format', 'unsupported_model']).toContain(code);
      for (const { shape, compute } of code === undefined ? createArchitecture(changed).constants : []) {
        const table = compute();
        expect(table).toHaveLength(shape.reduce((count, columns) => count * columns));
        expect(table.every(Number.isFinite)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});
