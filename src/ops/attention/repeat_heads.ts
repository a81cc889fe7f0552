import { WebVeraError } from '../../core/errors/error';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const repeatHeadsForward = flatKernel({
  name: 'repeat_heads',
  bindings: { x: 'read', y: 'write' },
  params: { rows: 'size', D: 'size', times: 'size' },
  threads: ({ rows, D, times }) => rows * D * times,
});

export const repeatHeadsBackward = flatKernel({
  name: 'repeat_heads_backward',
  bindings: { dy: 'read', dx: 'write' },
  params: { rows: 'size', D: 'size', times: 'size' },
  threads: ({ rows, D }) => rows * D,
  flops: ({ rows, D, times }) => rows * D * times,
});

/** Repeats each head of D numbers `times` times: (N, Hkv·D) becomes (N, Hkv·times·D). The gradient of a head is the sum over its copies. */
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
