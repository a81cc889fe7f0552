import { describe, expect, test } from 'vitest';
import { aligned, CurvePoints } from '../../../demo/src/write/teach/curve_points';

/** Returns the points of `count` steps, whose values are their steps. */
function line(count: number): CurvePoints {
  const points = new CurvePoints();
  for (let step = 1; step <= count; step++) points.add(step, step);
  return points;
}

describe('the points of a curve', () => {
  test('are all drawn while there is room, else means of neighbours', () => {
    expect(line(4).thinned(4)).toEqual({ steps: [1, 2, 3, 4], values: [1, 2, 3, 4] });
    expect(line(5).thinned(4)).toEqual({ steps: [1.5, 3.5, 5], values: [1.5, 3.5, 5] });
    const { steps, values } = line(50_000).thinned(600);
    expect(steps).toHaveLength(596); // 84 steps each
    expect(steps[0]).toBe(42.5);
    expect(values).toEqual(steps);
    expect(line(0).thinned(600)).toEqual({ steps: [], values: [] });
  });

  test('are replaced by repeated steps, and dropped where they are infinite', () => {
    const points = line(9);
    for (const [step, value] of [
      [4, 40],
      [5, Infinity],
      [6, 60],
    ] as const)
      points.add(step, value);
    expect(points.thinned(600)).toEqual({ steps: [1, 2, 3, 4, 6], values: [1, 2, 3, 40, 60] });
    expect(points.range).toEqual([1, 60]);
    points.clear();
    expect([points.isEmpty, points.thinned(600).steps]).toEqual([true, []]);
  });

  test('of two curves share their steps', () => {
    const heldOut = { steps: [0, 2, 9], values: [7, 8, 9] };
    expect(aligned(line(3).thinned(600), heldOut)).toEqual([
      [0, 1, 2, 3, 9],
      [null, 1, 2, 3, null],
      [7, null, 8, null, 9],
    ]);
    expect(aligned(line(0).thinned(600), line(0).thinned(600))).toEqual([[], [], []]);
  });
});
