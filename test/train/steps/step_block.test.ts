import { expect, test } from 'vitest';
import { expectDone, unpackStats } from '../../../src/train/steps/step_block';

function statsBytes(loss: number, gradNorm: number, nonfinite: number, step: number): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(48));
  view.setFloat32(0, loss, true);
  view.setFloat32(4, gradNorm, true);
  view.setUint32(8, nonfinite, true);
  view.setUint32(12, step, true);
  return view.buffer;
}

test('a step is done if its loss, its norm and its flag say so', () => {
  const stats = unpackStats(statsBytes(1.5, 0.25, 0, 7));
  expect(stats).toMatchObject({ loss: 1.5, gradNorm: 0.25, finite: true, step: 7 });
  expect(() => expectDone(stats, 7)).not.toThrow();
});

test.each([
  { what: 'the flag', loss: 1, gradNorm: 1, nonfinite: 1 },
  { what: 'a loss that is NaN', loss: Number.NaN, gradNorm: 1, nonfinite: 0 },
  { what: 'an infinite loss', loss: Number.POSITIVE_INFINITY, gradNorm: 1, nonfinite: 0 },
  { what: 'a norm that is NaN', loss: 1, gradNorm: Number.NaN, nonfinite: 0 },
  { what: 'an infinite norm', loss: 1, gradNorm: Number.POSITIVE_INFINITY, nonfinite: 0 },
])('$what makes a step fail, whatever else the GPU reports', ({ loss, gradNorm, nonfinite }) => {
  const stats = unpackStats(statsBytes(loss, gradNorm, nonfinite, 3));
  expect(stats.finite).toBe(false);
  expect(() => expectDone(stats, 3)).toThrow(expect.objectContaining({ code: 'numerical_error' }));
});

test('a step that the GPU did not run is a lost device, even if its numbers are not finite', () => {
  const stats = unpackStats(statsBytes(Number.NaN, 0, 0, 2));
  expect(() => expectDone(stats, 3)).toThrow(expect.objectContaining({ code: 'device_lost' }));
});
