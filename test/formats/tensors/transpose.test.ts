import fc from 'fast-check';
import { expect, test } from 'vitest';
import { transpose } from '../../../src/formats/tensors/transpose';

test('a row-major matrix', () => {
  expect([...transpose(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
});

test.each([(n: number) => new Float32Array(n), (n: number) => new Uint16Array(n)])(
  'any size, and back: %#',
  (create) => {
    const size = fc.integer({ min: 0, max: 80 });
    fc.assert(
      fc.property(size, size, (rows, columns) => {
        const source = create(rows * columns).map((_, index) => index);
        const turned = transpose(source, rows, columns);
        const wrong = turned.findIndex((value, at) => value !== (at % rows) * columns + Math.floor(at / rows));
        expect(wrong).toBe(-1);
        // The bytes are compared at once, because an assertion for each element would take seconds.
        expect(Buffer.compare(Buffer.from(transpose(turned, columns, rows).buffer), Buffer.from(source.buffer))).toBe(
          0,
        );
      }),
      { numRuns: 200 },
    );
  },
);
