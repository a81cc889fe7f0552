import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { shaderKernel } from '../shader_kernel';

export const l2NormalizeForward = shaderKernel({
  name: 'l2_normalize',
  bindings: { x: 'read', y: 'write', norm: 'write' },
  params: { N: 'size', C: 'size', eps: 'f32' },
  variants: [{ wgsl: ['l2_normalize', 'workgroup_sum'], workgroups: ({ N }) => [N] }],
  flops: ({ N, C }) => 3 * N * C,
});

export const l2NormalizeBackward = shaderKernel({
  name: 'l2_normalize_backward',
  bindings: { y: 'read', norm: 'read', dy: 'read', dx: 'write' },
  params: { N: 'size', C: 'size', eps: 'f32' },
  variants: [{ wgsl: ['l2_normalize_backward', 'workgroup_sum'], workgroups: ({ N }) => [N] }],
  flops: ({ N, C }) => 5 * N * C,
});

/**
 * Divides x (…, C) by max(‖x‖₂, eps) along the last dimension, as torch's `F.normalize` does: a row whose norm is below eps is divided by
 * eps.
 */
export function l2Normalize(g: Graph, x: Value, eps = 1e-12): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  const { y, norm } = g.emit(l2NormalizeForward, { x }, { y: x.shape, norm: [N] }, { N, C, eps });
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(l2NormalizeBackward, { y, norm, dy }, { dx: x.shape }, { N, C, eps }).dx, toX),
  ]);
  return y;
}
