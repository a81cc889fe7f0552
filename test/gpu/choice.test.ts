import { expect, test } from 'vitest';
import { defineKernel } from '../../src/core/kernel';
import { chooseVariant } from '../../src/gpu/choice';

const GPU = { vendor: 'nvidia', architecture: 'ampere', description: '', fallback: false };
const APPLE = { ...GPU, vendor: 'apple' };
const SWIFTSHADER = { vendor: 'google', architecture: 'swiftshader', description: '', fallback: true };
const LLVMPIPE = { ...GPU, vendor: 'mesa', description: 'llvmpipe (LLVM 19.1.7, 256 bits)' };

/** A product as `ops/gemm.ts` makes it: `row` is for four rows or fewer. */
const product = kernel('product', ['register', 'wide', 'workgroup', 'row']);
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
      workgroups: () => [1],
      fits: ({ rows = 0 }) => variant !== 'row' || rows <= 4,
    })),
  });
}

test.each([
  ['a GPU', GPU, 'workgroup', 'row', 'workgroup'],
  ['an Apple GPU', APPLE, 'register', 'row', 'workgroup'],
  ['SwiftShader', SWIFTSHADER, 'wide', 'wide', 'serial'],
  ['llvmpipe', LLVMPIPE, 'workgroup', 'workgroup', 'serial'],
  ['a software adapter that nobody knows', { ...GPU, fallback: true }, 'workgroup', 'workgroup', 'serial'],
] as const)('%s', (_, info, many, few, rowByRow) => {
  expect(chooseVariant({ kernel: product, params: { rows: 256 } }, info).name).toBe(many);
  expect(chooseVariant({ kernel: product, params: { rows: 1 } }, info).name).toBe(few);
  expect(chooseVariant({ kernel: norm, params: { rows: 256 } }, info).name).toBe(rowByRow);
});
