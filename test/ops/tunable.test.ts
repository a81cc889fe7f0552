import { expect, test } from 'vitest';
import type { AnyKernel } from '../../src/core/kernels/kernel';
import { tunableKernels } from '../../src/ops/tunable';
import { allKernels } from '../helpers/gpu/kernels';

test('every kernel with more than one variant is tunable, and no other', () => {
  const withVariants = allKernels().filter(({ variants }) => variants.length > 1);
  const names = (kernels: readonly AnyKernel[]) => [...new Set(kernels.map(({ name }) => name))];
  expect(names(withVariants.filter((kernel) => !tunableKernels().includes(kernel)))).toEqual([]);
  expect(names(tunableKernels().filter((kernel) => !withVariants.includes(kernel)))).toEqual([]);
  expect(tunableKernels().length).toBe(withVariants.length);
});
