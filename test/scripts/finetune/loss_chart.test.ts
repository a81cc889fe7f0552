import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lossChart, ticks } from '../../../scripts/finetune/loss_chart.mjs';

const words = { title: 'a model', subtitle: 'r 64', note: '78.9 → 61.5' };

test('ticks are round, rise, and enclose both ends', () => {
  expect(ticks(3.87, 4.48, 6)).toEqual([3.8, 4, 4.2, 4.4, 4.6]);
  expect(ticks(0, 150, 8)).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160]);
  const ends = fc.tuple(
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
  );
  fc.assert(
    fc.property(ends, ([from, span]) => {
      const all = ticks(from, from + span, 6);
      const slack = 1e-9 * (Math.abs(from) + span);
      expect(all[0]).toBeLessThanOrEqual(from + slack);
      expect(all.at(-1)).toBeGreaterThanOrEqual(from + span - slack);
      expect(all).toEqual([...all].sort((a, b) => a - b));
      expect(all.length).toBeLessThanOrEqual(10);
    }),
  );
});

test('draws one point for each step inside the plot, and skips losses that aren’t finite', () => {
  const svg = lossChart({ ...words, losses: [4, 5, Number.NaN, 3] });
  const points = /class="steps" points="([^"]*)"/.exec(svg)?.[1]?.split(' ') ?? [];
  expect(points).toHaveLength(3);
  for (const point of points) {
    const [x = Number.NaN, y = Number.NaN] = point.split(',').map(Number);
    expect(x).toBeGreaterThanOrEqual(72);
    expect(x).toBeLessThanOrEqual(852);
    expect(y).toBeGreaterThanOrEqual(96);
    expect(y).toBeLessThanOrEqual(420);
  }
  expect(points[0]?.split(',')[0]).toBe('267');
});

test.each([[[4]], [[4, 4, 4]], [[]], [[Number.NaN]]])('writes only finite numbers for the losses %j', (losses) => {
  expect(lossChart({ ...words, losses })).not.toMatch(/NaN|Infinity|undefined/);
});

test('names are escaped in the SVG', () => {
  const svg = lossChart({ title: '<script>"&', subtitle: '</text>', note: '', losses: [1] });
  expect(svg).not.toContain('<script>');
  expect(svg.match(/<\/text>/g)?.length).toBe(svg.match(/<text/g)?.length);
});
