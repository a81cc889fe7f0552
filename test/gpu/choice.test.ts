import { expect, test } from 'vitest';
import { defineKernel } from '../../src/core/kernel';
import { chooseVariant } from '../../src/gpu/choice';
import { APPLE, GPU, LLVMPIPE, SWIFTSHADER } from '../helpers/devices';

/** A product as `ops/gemm.ts` makes it: `row` is for four rows or fewer. */
const product = kernel('product', ['register', 'wide', 'workgroup', 'subgroup', 'row', 'row_serial']);
/** What works row by row, with help from neighbours or without. */
const norm = kernel('norm', ['workgroup', 'serial']);

function kernel(name: string, variants: readonly string[]) {
  return defineKernel({
    name,
    bindings: { x: 'read' },
    params: { rows: 'u32' },
    flops: () => 0,
    variants: variants.map((variant) => ({
      name: variant,
      wgsl: [],
      features: variant === 'subgroup' ? (['subgroups'] as const) : [],
      workgroups: () => [1],
      fits: ({ rows = 0 }) => !variant.startsWith('row') || rows <= 4,
    })),
  });
}

test.each([
  ['a GPU', GPU, 'workgroup', 'row', 'workgroup'],
  ['an Apple GPU', APPLE, 'register', 'row', 'workgroup'],
  ['SwiftShader', { ...SWIFTSHADER, features: [] }, 'wide', 'row_serial', 'serial'],
  ['SwiftShader with subgroups', SWIFTSHADER, 'subgroup', 'row_serial', 'serial'],
  ['llvmpipe', { ...LLVMPIPE, features: [] }, 'workgroup', 'row_serial', 'serial'],
  ['llvmpipe with subgroups', LLVMPIPE, 'subgroup', 'row_serial', 'serial'],
  [
    'a software adapter that nobody knows',
    { ...GPU, fallback: true, features: [] },
    'workgroup',
    'row_serial',
    'serial',
  ],
] as const)('%s', (_, info, many, few, rowByRow) => {
  expect(chooseVariant({ kernel: product, params: { rows: 256 } }, info).name).toBe(many);
  expect(chooseVariant({ kernel: product, params: { rows: 1 } }, info).name).toBe(few);
  expect(chooseVariant({ kernel: norm, params: { rows: 256 } }, info).name).toBe(rowByRow);
});
