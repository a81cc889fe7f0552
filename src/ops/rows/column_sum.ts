import { WebVeraError } from '../../core/errors/error';
import { flatGrid, type VariantInit } from '../../core/kernels/kernel';
import { ceilDiv, expectShape, rowsAndColumns } from '../../core/numbers/shape';
import type { Graph, Sink } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

/** Returns the variants of a kernel that sums the N rows of each of C columns. `form` is the shader file that defines the summands. */
export function columnVariants(form: string): readonly VariantInit<{ readonly N: 'size'; readonly C: 'size' }>[] {
  return [
    { wgsl: [form, 'columns_workgroup'], workgroups: ({ C }) => [ceilDiv(C, 16)] },
    { name: 'serial', wgsl: [form, 'columns_serial', 'flat_index'], workgroups: ({ C }) => flatGrid(C) },
  ];
}

export const columnSum = shaderKernel({
  name: 'column_sum',
  bindings: { x: 'read', sums: 'update' },
  params: { N: 'size', C: 'size' },
  variants: columnVariants('column_sum'),
  flops: ({ N, C }) => N * C,
});

/** Adds the sum of the rows of x (…, C) to `sums` (C), in place. For x = dy it is the gradient of a bias. */
export function emitColumnSum(g: Graph, x: Value, sums: Value): void {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  expectShape('column_sum sums', sums.shape, [C]);
  g.emit(columnSum, { x, sums }, {}, { N, C });
}

/** Adds the gradient of a layer's bias (M) to the buffer in which it accumulates: the sum of the rows of dy (…, M). */
export function emitBiasBackward(g: Graph, dy: Value, bias: Value, sink: Sink): Value | undefined {
  if (!sink.wanted) return undefined;
  const db = accumulatedIn(sink, bias);
  emitColumnSum(g, dy, db);
  return db;
}

/** Returns the pinned buffer in which the gradient of a trained value accumulates. */
export function accumulatedIn({ sum }: Sink, value: Value): Value {
  if (sum !== undefined) return sum;
  throw new WebVeraError('internal', `No buffer was given for the gradient of ${value.name}`);
}
