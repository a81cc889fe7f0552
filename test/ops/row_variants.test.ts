import { expect, test } from 'vitest';
import { crossEntropyKernel } from '../../src/ops/losses/cross_entropy';
import { layerNormBackward, layerNormForward } from '../../src/ops/norms/layer_norm';
import { rmsNormBackward, rmsNormForward } from '../../src/ops/norms/rms_norm';

const rows = (N: number) => ({ N, C: 63, count: N, V: 64 });

test.each([layerNormForward, layerNormBackward, rmsNormForward, rmsNormBackward, crossEntropyKernel])(
  '$name takes any number of rows',
  ({ variants }) => {
    const grids = (N: number) =>
      variants
        .filter(({ fits }) => fits === undefined || fits(rows(N) as never))
        .map(({ workgroups }) => workgroups(rows(N) as never));
    expect(grids(65_535)).toContainEqual([65_535]);
    for (const N of [65_536, 500_000]) {
      expect(grids(N).length).toBeGreaterThan(0);
      for (const [x = 0, y = 1] of grids(N)) expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
    }
  },
);
