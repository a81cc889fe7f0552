import forwardWgsl from '../../../shaders/attention/repeat_heads.wgsl?raw';
import backwardWgsl from '../../../shaders/attention/repeat_heads_backward.wgsl?raw';
import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import { WebVeraError } from '../../core/errors/error';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';

export const repeatHeadsForward = defineKernel({
  name: 'repeat_heads',
  bindings: { x: 'read', y: 'write' },
  params: { rows: 'size', D: 'size', times: 'size' },
  variants: [{ wgsl: [forwardWgsl, flatIndex], workgroups: ({ rows, D, times }) => flatGrid(rows * D * times) }],
});

export const repeatHeadsBackward = defineKernel({
  name: 'repeat_heads_backward',
  bindings: { dy: 'read', dx: 'write' },
  params: { rows: 'size', D: 'size', times: 'size' },
  variants: [{ wgsl: [backwardWgsl, flatIndex], workgroups: ({ rows, D }) => flatGrid(rows * D) }],
  flops: ({ rows, D, times }) => rows * D * times,
});

/** Repeats each head of D numbers `times` times: (N, Hkv·D) to (N, Hkv·times·D). The gradient of a head is the sum over its copies. */
export function repeatHeads(g: Graph, x: Value, D: number, times: number): Value {
  const { rows: N, columns } = rowsAndColumns(x.shape);
  if (columns % D !== 0) {
    throw new WebVeraError(
      'invalid_argument',
      `repeat_heads: expected heads of a size that divides ${columns}, got ${D}`,
    );
  }
  const sizes = { rows: (N * columns) / D, D, times };
  const { y } = g.emit(repeatHeadsForward, { x }, { y: [N, columns * times] }, sizes);
  g.differentiate(y, [x], (dy, [toX]) => [
    passOn(g, g.emit(repeatHeadsBackward, { dy }, { dx: x.shape }, sizes).dx, toX),
  ]);
  return y;
}
