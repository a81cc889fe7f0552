import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesIn,
  type NumberedExample,
  sampleFairly,
  split,
  textFields,
  toJsonLines,
} from '../../../../src/page/profile/examples/examples';

const example = (n: number) => ({ text: String(n) });
const examples = (count: number, from = 0) => Array.from({ length: count }, (_, index) => example(from + index));

/** Returns a sample of at most `most` examples, drawn while examples arrive in portions of these sizes. */
function sampled(most: number, seed: number, portions: readonly number[]): NumberedExample[] {
  let kept: NumberedExample[] = [];
  let seen = 0;
  for (const size of portions) {
    kept = sampleFairly(kept, examples(size, seen), { seed, seen, most });
    seen += size;
  }
  return kept;
}

describe('stored examples', () => {
  test('are all examples while there is room', () => {
    expect(sampled(9, 1, [4, 5]).map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('depend on seed and order, and not on the portions in which examples arrive', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.nat(),
      fc.array(fc.nat(5), { maxLength: 8 }),
      (most, seed, portions) => {
        const total = portions.reduce((sum, size) => sum + size, 0);
        const kept = sampled(most, seed, portions);
        expect(kept).toEqual(sampled(most, seed, [total]));
        expect(kept).toHaveLength(Math.min(most, total));
        expect(new Set(kept.map(({ n }) => n)).size).toBe(kept.length);
        for (const { n, example } of kept) expect(example).toEqual({ text: String(n) });
      },
    );
    fc.assert(property);
  });

  test('are each example with the same probability', () => {
    const [came, most, trials] = [20, 5, 4000];
    const counts = new Array<number>(came).fill(0);
    for (let seed = 0; seed < trials; seed++) {
      for (const { n } of sampled(most, seed, [came])) counts[n] = (counts[n] ?? 0) + 1;
    }
    // Each example is expected a thousand times. The allowed spread is five standard deviations of a binomial.
    const [expected, spread] = [(trials * most) / came, 5 * Math.sqrt((trials * most * (came - most)) / came ** 2)];
    for (const count of counts) expect(Math.abs(count - expected)).toBeLessThan(spread);
  });

  test('shrink if fewer are allowed', () => {
    const kept = sampled(9, 1, [9]);
    const fewer = sampleFairly(kept, [], { seed: 1, seen: 9, most: 4 });
    expect(fewer).toHaveLength(4);
    for (const one of fewer) expect(kept).toContainEqual(one);
    expect(sampleFairly(kept, [], { seed: 1, seen: 9, most: 9 })).toEqual(kept);
  });

  test('are bounded', () => {
    const most = 2 ** 24 - '{"text":""}'.length;
    expect(bytesIn([{ text: 'x'.repeat(most) }])).toBe(2 ** 24 + 1);
    expect(() => bytesIn([{ text: 'x'.repeat(most + 1) }])).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });
});

describe('held-out examples', () => {
  test('are every tenth of all, the same ones each time', () => {
    const before = split(sampled(30, 1, [25]));
    const after = split(sampled(30, 1, [30]));
    expect(before.held).toEqual([example(9), example(19)]);
    expect(after.held).toEqual([example(9), example(19), example(29)]);
    expect(before.learnt).toHaveLength(23);
    for (const one of after.held) expect(before.learnt).not.toContainEqual(one);
  });

  test('are none of fewer than ten', () => {
    expect(split(sampled(30, 1, [9]))).toMatchObject({ learnt: examples(9), held: [], held_places: [] });
  });

  test('with labels are none of the first hundred, and five at least', () => {
    const rows = (count: number) =>
      Array.from({ length: count }, (_, n) => ({ n, example: { text: `${n}`, label: 0 } }));
    const counts = (count: number): readonly number[] => {
      const { learnt, held } = split(rows(count));
      return [learnt.length, held.length];
    };
    expect(counts(100)).toEqual([100, 0]);
    expect(counts(149)).toEqual([145, 0]);
    expect(counts(150)).toEqual([145, 5]);
    expect(split(rows(200)).held.slice(0, 5)).toEqual(split(rows(150)).held);
  });

  test('have places among all stored ones, as those have that are neither learnt nor held out', () => {
    const at = (places: readonly number[]) => places.map((n) => ({ n: n + 7, example: { text: `${n}`, label: 0 } }));
    // The 110th, 120th, … example to arrive is held out. With fewer than five of them, none is held out.
    const few = split(at([0, 1, 102, 103, 112]).reverse());
    expect(few).toMatchObject({ held: [], held_places: [], learnt_places: [0, 1, 3] });
    expect(few.learnt).toEqual([
      { text: '0', label: 0 },
      { text: '1', label: 0 },
      { text: '103', label: 0 },
    ]);
    const enough = split(at([0, 102, 103, 112, 122, 132, 140, 142]));
    expect(enough).toMatchObject({ learnt_places: [0, 2, 6], held_places: [1, 3, 4, 5, 7] });
  });
});

describe('images', () => {
  const ofSize = (size: number, label = 0) => ({
    prepared: { height: size, width: size, data: new Uint8Array(3 * size ** 2) },
    label,
  });

  test('are bounded by their bytes, as a fair sample', () => {
    // The limit is 64 MiB: 21 examples of 3 MiB are 63 MiB. All examples of the test share one array, but each counts in full.
    const large = ofSize(1024);
    const kept = sampleFairly([], new Array(30).fill(large), { seed: 1, seen: 0, most: 100 });
    expect(kept).toHaveLength(21);
    expect(Math.max(...kept.map(({ n }) => n))).toBeGreaterThan(20);
    const later = sampleFairly(kept, new Array(30).fill(large), { seed: 1, seen: 30, most: 100 });
    expect(later).toEqual(sampleFairly([], new Array(60).fill(large), { seed: 1, seen: 0, most: 100 }));
    expect(sampleFairly(later, [], { seed: 1, seen: 60, most: 4 })).toHaveLength(4);
  });

  test('are lines with their places, and count with their bytes', () => {
    const { prepared } = ofSize(2);
    const two = [ofSize(2), { prepared, labels: ['a', 'b'] }];
    const lines = '{"image":0,"label":0}\n{"image":1,"labels":["a","b"]}\n';
    expect(toJsonLines(two)).toBe(lines);
    expect(bytesIn(two)).toBe(lines.length + 24);
  });
});

test('only texts are stored for a model of texts', () => {
  expect(textFields('examples[0]', { text: 'a', more: 1 })).toEqual({ text: 'a' });
  for (const pixels of ['pixel_values', 'prepared']) {
    const image = { dims: [3], data: [1, 2, 3], width: 1, height: 1 };
    const given = { [pixels]: pixels === 'prepared' ? { ...image, data: new Uint8Array(3) } : image, label: 0 };
    expect(() => textFields('examples[0]', given)).toThrow(`an example of text, got an object with ${pixels}, label`);
  }
  expect(() => textFields('examples[0]', { image: new Blob(['a']), label: 0 })).toThrow(
    expect.objectContaining({
      code: 'invalid_argument',
      message: 'examples[0]: expected an example of text, got an object with image, label',
    }),
  );
});
