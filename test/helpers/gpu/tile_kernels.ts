import { defineKernel, type Feature } from '../../../src/core/kernels/kernel';
import type { Step } from '../../../src/graph/step';

const FEATURES: Readonly<Record<string, readonly Feature[]>> = {
  subgroup: ['subgroups'],
  f16: ['shader-f16'],
  f16_small: ['shader-f16'],
};

/**
 * Defines a kernel with variants of these names, similar to those of `ops/products/tiles.ts`. The variants for few rows
 * support at most four rows. A dispatch for up to forty rows has a single workgroup.
 */
export function kernelOf(name: string, variants: readonly string[], text = '') {
  return defineKernel({
    name,
    bindings: { x: 'read' },
    params: { rows: 'size', offset: 'place' },
    flops: ({ rows = 0 }) => rows,
    variants: variants.map((variant) => ({
      name: variant,
      wgsl: [text],
      features: FEATURES[variant] ?? [],
      workgroups: ({ rows = 0 }) => [rows <= 40 ? 1 : 128],
      fits: ({ rows = 0 }) => !variant.startsWith('row') || rows <= 4,
    })),
  });
}

export function stepOf(kernel: ReturnType<typeof kernelOf>, rows: number, offset = 0): Step {
  return { kernel, params: { rows, offset }, values: {}, chunk: undefined };
}
