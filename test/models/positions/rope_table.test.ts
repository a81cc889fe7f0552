import { expect, test } from 'vitest';
import { ropeTable } from '../../../src/models/positions/rope_table';

// Tables are f32, so entries differ from the float64 values by at most 2⁻²⁵.
const DIGITS = 7;

test('a row is the cosines, then the sines, of position · theta^(−2j/D)', () => {
  const table = ropeTable({ type: 'default', theta: 10000 }, 8, 5);
  expect(table).toHaveLength(40);
  for (let position = 0; position < 5; position++) {
    for (let j = 0; j < 4; j++) {
      const angle = position * 10000 ** ((-2 * j) / 8);
      expect(table[position * 8 + j]).toBeCloseTo(Math.cos(angle), DIGITS);
      expect(table[position * 8 + 4 + j]).toBeCloseTo(Math.sin(angle), DIGITS);
    }
  }
});

test('llama3 keeps short waves, stretches long ones and blends those between', () => {
  const llama3 = {
    type: 'llama3',
    theta: 500000,
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  } as const;
  const D = 64;
  const table = ropeTable(llama3, D, 2);
  // Row 1 contains sin(frequency) for each frequency, and no frequency is above 1 radian.
  const frequency = (j: number): number => Math.asin(table[D + D / 2 + j] as number);
  const own = (j: number): number => 500000 ** ((-2 * j) / D);
  const relative = (j: number, expected: number): number => Math.abs(frequency(j) / expected - 1);
  const seen = new Set<string>();
  for (let j = 0; j < D / 2; j++) {
    // In transformers, the wavelength decides how a frequency is scaled.
    const wavelength = (2 * Math.PI) / own(j);
    let expected = own(j);
    let kind = 'short';
    if (wavelength > 8192) {
      expected = own(j) / 32;
      kind = 'long';
    } else if (wavelength >= 8192 / 4) {
      const smooth = (8192 / wavelength - 1) / 3;
      expected = ((1 - smooth) * own(j)) / 32 + smooth * own(j);
      kind = 'between';
    }
    seen.add(kind);
    // asin near 1 loses digits; elsewhere, f32 has a relative error of 6e-8.
    expect(relative(j, expected), `pair ${j}`).toBeLessThan(2e-7);
  }
  expect([...seen].sort()).toEqual(['between', 'long', 'short']);
});

test('linear divides positions', () => {
  const plain = ropeTable({ type: 'default', theta: 10000 }, 8, 3);
  const linear = ropeTable({ type: 'linear', theta: 10000, factor: 4 }, 8, 9);
  for (let j = 0; j < 8; j++) expect(linear[8 * 8 + j]).toBeCloseTo(plain[2 * 8 + j] as number, DIGITS);
});
