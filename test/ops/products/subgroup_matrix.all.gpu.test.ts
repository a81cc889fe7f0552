import { expect, test, vi } from 'vitest';
import type { AnyKernel } from '../../../src/core/kernels/kernel';
import { Graph } from '../../../src/graph/graph';
import { linear } from '../../../src/ops/products/linear';
import { expectGpuEqualsReference, input } from '../../helpers/gpu/on_gpu';
import { integerArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

/*
 * No driver here supports subgroup matrices, so each thread emulates them by itself, as the proposal defines them. This proves
 * that the tile reads the right numbers and stores each result at its place, but not that a GPU compiles it correctly.
 */

// The software GPU llvmpipe takes seconds to compile a tile that isn't in Mesa's shader cache.
vi.setConfig({ testTimeout: 240_000 });

const EMULATION = `
alias Matrix16 = array<f16, 256>;

fn load_left(first: u32, stride: u32) -> Matrix16 {
  var m: Matrix16;
  for (var i = 0u; i < 256u; i++) {
    m[i] = left_stage[first + i / 16u * stride + i % 16u / 4u][i % 4u];
  }
  return m;
}

fn load_right(first: u32, stride: u32) -> Matrix16 {
  var m: Matrix16;
  for (var i = 0u; i < 256u; i++) {
    m[i] = right_stage[first + i % 16u * stride + i / 64u][i / 16u % 4u];
  }
  return m;
}

fn store_results(first: u32, m: array<f32, 256>, stride: u32) {
  var own = m;
  for (var i = 0u; i < 256u; i++) {
    results[first + i / 16u * stride + i % 16u] = own[i];
  }
}

fn multiply_add_16(a: Matrix16, b: Matrix16, c: array<f32, 256>) -> array<f32, 256> {
  var left = a;
  var right = b;
  var sums = c;
  for (var i = 0u; i < 256u; i++) {
    for (var k = 0u; k < 16u; k++) {
      sums[i] += f32(left[i / 16u * 16u + k]) * f32(right[k * 16u + i % 16u]);
    }
  }
  return sums;
}
`;

const CHANGES: readonly (readonly [string, string])[] = [
  ['enable chromium_experimental_subgroup_matrix;\ndiagnostic(off, chromium.subgroup_matrix_uniformity);', ''],
  ['subgroup_matrix_left<f16, 16, 16>', 'array<f16, 256>'],
  ['subgroup_matrix_right<f16, 16, 16>', 'array<f16, 256>'],
  ['subgroup_matrix_result<f32, 16, 16>', 'array<f32, 256>'],
  ['subgroupMatrixLoad<Left, row_major>(&left_stage, ', 'load_left('],
  ['subgroupMatrixLoad<Right, col_major>(&right_stage, ', 'load_right('],
  ['subgroupMatrixStore<row_major>(&results, ', 'store_results('],
  ['subgroupMatrixMultiplyAccumulate(', 'multiply_add_16('],
];

/** Returns the kernel with emulated subgroups of `threads` threads. */
function emulated(kernel: AnyKernel, threads: number): AnyKernel {
  const variants = kernel.variants.map((variant) => {
    if (variant.name !== 'subgroup_matrix') return variant;
    const own = ['vec2u(number, count)', `vec2u(thread.x / ${threads}u, ${256 / threads}u)`] as const;
    const wgsl = [...CHANGES, own].reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replaceAll(from, to);
    }, variant.wgsl);
    return { ...variant, wgsl: `${wgsl}\n${EMULATION}` };
  });
  return { ...kernel, variants };
}

test('63×61×67, subgroups of 64: equal for whole numbers', async () => {
  const [N, M, K] = [63, 61, 67];
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, K], integerArray(N * K, 1));
  const weight = input(memory, 'weight', [M, K], integerArray(M * K, 2));
  const bias = input(memory, 'bias', [M], integerArray(M, 3));
  const residual = input(memory, 'residual', [N, M], integerArray(N * M, 4));
  const g = new Graph();
  const y = linear(g, x, weight, bias, { residual });
  const steps = g.steps.map((step) => ({ ...step, kernel: emulated(step.kernel, 64) }));
  await expectGpuEqualsReference({ steps } as unknown as Graph, memory, [y], 0, { variant: 'subgroup_matrix' });
});
