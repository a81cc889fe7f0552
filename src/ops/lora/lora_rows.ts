import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';

export const loraRowsKernel = flatKernel({
  name: 'lora_rows',
  bindings: { u: 'read', which: 'read', v: 'write' },
  params: { N: 'size', R: 'size', T: 'size', adapter: 'place', scale: 'f32' },
  threads: ({ N, R }) => N * R,
  inVec4: ({ R }) => R % 4 === 0,
  flops: ({ N, R }) => N * R,
});

/** The rows of a batch that use one particular adapter. The other rows may use other adapters. */
export interface RowsOfAdapter {
  /** u32 (batch rows): the adapter of each row. */
  readonly which: Value;
  /** The index of that adapter in `which`. */
  readonly adapter: number;
  /** The number of tokens in a batch row. */
  readonly T: number;
}

/** scale · u (…, R) in the rows of the adapter, 0 in the other rows. Has no gradient. */
export function loraRows(g: Graph, u: Value, { which, adapter, T }: RowsOfAdapter, scale: number): Value {
  const { rows: N, columns: R } = rowsAndColumns(u.shape);
  expectShape('lora_rows which', which.shape, [N / T]);
  return g.emit(loraRowsKernel, { u, which }, { v: u.shape }, { N, R, T, adapter, scale }).v;
}
