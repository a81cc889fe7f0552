import { expect, test } from 'vitest';
import { NO_SLOT } from '../../../src/ops/mixed/mixed_table';
import { expectGpuEqualsReference, runOnGpu } from '../../helpers/gpu/on_gpu';
import { mixedRows } from './mixed_rows';

const cases = [
  { C: 1, T: 1, which: [0] },
  { C: 7, T: 3, which: [1, 2, 0, 5] },
  { C: 8, T: 2, which: [2, NO_SLOT, 1] },
  { C: 576, T: 64, which: [0, 1, 2, 1] },
].flatMap((sizes) => [true, false].map((withResidual) => ({ ...sizes, withResidual })));

test.each(cases)('ia3_mixed C=$C T=$T residual: $withResidual', async ({ C, T, which, withResidual }) => {
  const { g, memory, y } = mixedRows(C, T, which, { withResidual });
  // A product and a sum in f32 are rounded once each.
  await expectGpuEqualsReference(g, memory, [y], 2e-7);
});

test.each([7, 8])('rows without an adapter are bit for bit as before: C=%d', async (C) => {
  const { g, memory, x, y } = mixedRows(C, 3, [2, NO_SLOT, 3], { withResidual: false });
  expect((await runOnGpu(g.steps, memory, [y])).get(y)).toEqual(memory.get(x));
});
