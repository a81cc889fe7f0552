import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';

export const attentionPad = flatKernel({
  name: 'attention_pad',
  bindings: { x: 'read', y: 'write' },
  params: { rows: 'size', from_columns: 'size', to_columns: 'size', fill: 'f32' },
  threads: ({ rows, to_columns }) => rows * to_columns,
});

/** Resizes heads from (N, heads·from) to (N, heads·to): truncates them, or appends `fill` once and then zeros. */
export function resizeHeads(g: Graph, x: Value, from: number, to: number, fill = 0): Value {
  const y = resized(g, x, from, to, fill);
  g.differentiate(y, [x], (dy, [sink]) => [passOn(g, resized(g, dy, to, from), sink)]);
  return y;
}

/** Like `resizeHeads`, without a gradient. */
export function resized(g: Graph, x: Value, from: number, to: number, fill = 0): Value {
  const [N = 0, columns = 0] = x.shape;
  const heads = columns / from;
  const params = { rows: N * heads, from_columns: from, to_columns: to, fill };
  return g.emit(attentionPad, { x }, { y: [N, heads * to] }, params).y;
}
