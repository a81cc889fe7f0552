import { WebVeraError } from '../../core/errors/error';
import { flatGrid } from '../../core/kernels/kernel';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { shardsOf, storageOf, transient, type Value } from '../../graph/value';
import { byStorage } from '../rows/stored';
import { shaderKernel } from '../shader_kernel';

const THREADS = 64;

export const doraNormKernel = byStorage((stored) =>
  shaderKernel({
    name: 'dora_norm',
    bindings: { matrix: 'read', A: 'read', B: 'read', norm: 'update' },
    params: { M: 'size', K: 'size', R: 'size', stride: 'u32', first: 'place', scale: 'f32' },
    variants: [
      {
        wgsl: ['dora_norm', 'row_norm_workgroup', 'workgroup_sum', ...stored],
        workgroups: ({ M }) => flatGrid(THREADS * M),
      },
      {
        name: 'serial',
        wgsl: ['dora_norm', 'row_norm_serial', 'flat_index', ...stored],
        workgroups: ({ M }) => flatGrid(M),
      },
    ],
    flops: ({ M, K, R }) => 2 * M * K * (R + 1),
  }),
);

/** A change scale · B·A of a matrix. */
export interface LowRankChange {
  /** (R, ≥ K), f32: the first K columns are used. */
  readonly A: Value;
  /** (M, R), f32 */
  readonly B: Value;
  readonly scale: number;
}

/**
 * ‖W + scale · B·A‖₂ of each row, (M): W (M, K) in any storage, without a change ‖W‖₂. It reads W once, so its 2·M·K·R operations cost R / N
 * of what the layer's product with N tokens costs. Has no gradient, as in DoRA: the norm counts as a constant.
 */
export function doraNorm(g: Graph, weight: Value, change?: LowRankChange): Value {
  const { rows, columns: K } = rowsAndColumns(weight.shape);
  const [R = 0, stride = 0] = change?.A.shape ?? [];
  if (change !== undefined) expectChange(change, [rows, R], Math.max(stride, K));
  const norm = transient('dora_norm.norm', [rows]);
  for (const { value: matrix, first } of shardsOf(weight)) {
    const [M = 0] = matrix.shape;
    const { A, B, scale } = change ?? { A: matrix, B: matrix, scale: 0 };
    g.emit(doraNormKernel[storageOf(weight).name], { matrix, A, B, norm }, {}, { M, K, R, stride, first, scale });
  }
  return norm;
}

function expectChange({ A, B }: LowRankChange, [M, R]: readonly [number, number], stride: number): void {
  expectShape('dora_norm A', A.shape, [R, stride]);
  expectShape('dora_norm B', B.shape, [M, R]);
  if (A.dtype === 'f32' && B.dtype === 'f32') return;
  throw new WebVeraError('invalid_argument', `dora_norm: expected A and B in f32, got ${A.dtype} and ${B.dtype}`);
}
