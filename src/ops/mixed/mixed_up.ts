import { expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { differentiateLinears } from '../products/linear';
import { linesOf, rightStorage } from '../products/operand_storage';
import { defineProduct } from '../products/product';
import { expectMixed, type MixedVector } from './mixed_pools';
import { scaleGradients } from './mixed_scale';

export const mixedUpForward = defineProduct({
  name: 'mixed_up',
  bindings: { v: 'read', B: 'read', y: 'read', table: 'read', which: 'read', w: 'write', z: 'write' },
  params: { N: 'size', M: 'size', R: 'size', T: 'size', vector_at: 'place', stride: 'u32' },
  libs: ['operands_of_up'],
  left: 'rows',
  right: 'rows',
  factor: true,
  f16: true,
  size: ({ N, M, R }) => [N, M, R],
});

/**
 * Computes y + l ⊙ (v·Bᵀ), where l is the vector of each batch row's own adapter: v (…, R) has T tokens for each batch row, B (M, R) is
 * frozen, and y is (…, M). v, y and the table receive gradients as in `mixedScale`.
 *
 * The forward pass is one dispatch, in place of a matrix product, a `mixedScale` and a sum, which would read the product's result again.
 */
export function mixedUp(g: Graph, y: Value, v: Value, B: Value, vector: MixedVector): Value {
  const { table, which, offset: vector_at, T } = vector;
  const { rows: N, columns: M } = rowsAndColumns(y.shape);
  const { columns: R } = rowsAndColumns(v.shape);
  expectMixed('mixed_up', y, vector);
  expectShape('mixed_up v', v.shape, [...y.shape.slice(0, -1), R]);
  expectShape('mixed_up B', B.shape, [M, R]);
  const kernel = mixedUpForward.kernel(linesOf([R], M), rightStorage(B));
  const params = { N, M, R, T, vector_at, stride: table.shape[1] ?? 0 };
  const { w, z } = g.emit(kernel, { v, B, y, table, which }, { w: y.shape, z: y.shape }, params);
  differentiateLinears(g, v, [{ weight: B, y: w }]);
  g.differentiate(z, [y], (dz, [toY]) => [passOn(g, dz, toY)]);
  g.differentiate(z, [w, table], (dz, [toW, toTable]) =>
    scaleGradients(g, { x: w, dy: dz, vector, toX: toW, toTable }),
  );
  return z;
}
