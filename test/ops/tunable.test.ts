import { expect, test } from 'vitest';
import { allTunableKernels } from '../../src/adapters/adapter_kinds';
import type { AnyKernel } from '../../src/core/kernels/kernel';
import { allKernels } from '../helpers/gpu/kernels';

test('every kernel with more than one variant is tunable, and no other', () => {
  const withVariants = allKernels().filter(({ variants }) => variants.length > 1);
  const names = (kernels: readonly AnyKernel[]) => [...new Set(kernels.map(({ name }) => name))];
  expect(names(withVariants.filter((kernel) => !allTunableKernels().includes(kernel)))).toEqual([]);
  expect(names(allTunableKernels().filter((kernel) => !withVariants.includes(kernel)))).toEqual([]);
  expect(allTunableKernels().length).toBe(withVariants.length);
});
