import { FLAT_THREADS, flatGrid } from '../../core/kernels/kernel';
import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { shardsOf, storageOf, transient, type Value, viewOf, wholeOf } from '../../graph/value';
import { expectDtype } from '../expect_dtype';
import { inParts } from '../products/parts';
import { byStorage } from '../rows/stored';
import { shaderKernel } from '../shader_kernel';

export const doraNormKernel = byStorage((stored) =>
  shaderKernel({
    name: 'dora_norm',
    bindings: { matrix: 'read', A: 'read', B: 'read', norm: 'update' },
    params: { M: 'size', K: 'size', R: 'size', stride: 'u32', first: 'place', scale: 'f32' },
    variants: [
      {
        wgsl: ['dora_norm', 'row_norm_workgroup', 'workgroup_sum', ...stored],
        workgroups: ({ M }) => flatGrid(FLAT_THREADS * M),
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

/** A low-rank change of a matrix: scale · B·A. */
export interface LowRankChange {
  /** (R, ≥ K), f32: the first K columns are used. */
  readonly A: Value;
  /** (M, R), f32 */
  readonly B: Value;
  readonly scale: number;
}

/**
 * Computes the norm ‖W + scale · B·A‖₂ of each row, (M); without a change, ‖W‖₂. W is (M, K) in any storage format, and is read once. The
 * kernel does 2·M·K·R operations; the layer's matrix product does 2·M·K·N for N tokens. Has no gradient: as in DoRA, the norm counts as a
 * constant.
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

/** A weight (M, K), and the value that receives the norms of its rows. That value may also hold the norms of other weights. */
export interface MeasuredWeight {
  /** A pinned f32 value, or a view of one. */
  readonly weight: Value;
  /** A pinned f32 value. */
  readonly norm: Value;
  /** The offset of the first norm in `norm`: a multiple of 4. Default: 0. */
  readonly norm_at?: number | undefined;
}

/**
 * norm[norm_at + m] = ‖W‖₂ of each row of each weight. Weights with the same K share a dispatch if they are side by side in one buffer and
 * their norms are side by side in `norm`, in the same order.
 */
export function doraNorms(g: Graph, weights: readonly MeasuredWeight[]): void {
  for (const group of inParts(weights, follows, weights.length)) {
    const [first] = group;
    if (first === undefined) continue;
    const { weight, norm, norm_at = 0 } = first;
    const { columns: K } = rowsAndColumns(weight.shape);
    const M = group.reduce((sum, one) => sum + rowsAndColumns(one.weight.shape).rows, 0);
    const matrix = viewOf(wholeOf(weight), 'rows of weights', [M, K], startOf(weight));
    const given = { matrix, A: matrix, B: matrix, norm };
    g.emit(doraNormKernel.f32, given, {}, { M, K, R: 0, stride: 0, first: norm_at, scale: 0 });
  }
}

/** Whether a weight and its norms begin where those of a group end. */
function follows({ weight, norm, norm_at }: MeasuredWeight, group: readonly MeasuredWeight[]): boolean {
  const last = group.at(-1);
  if (last === undefined || wholeOf(weight) !== wholeOf(last.weight) || norm !== last.norm) return false;
  const { rows, columns } = rowsAndColumns(last.weight.shape);
  const isNext = startOf(weight) === startOf(last.weight) + rows * columns;
  return isNext && rowsAndColumns(weight.shape).columns === columns && norm_at === (last.norm_at ?? 0) + rows;
}

function startOf({ view }: Value): number {
  return view?.offset ?? 0;
}

function expectChange({ A, B }: LowRankChange, [M, R]: readonly [number, number], stride: number): void {
  expectShape('dora_norm A', A.shape, [R, stride]);
  expectShape('dora_norm B', B.shape, [M, R]);
  expectDtype('dora_norm', 'f32', { A, B });
}
