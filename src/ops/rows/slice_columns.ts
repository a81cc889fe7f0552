import flatIndex from '../../../shaders/lib/flat_index.wgsl?raw';
import wordScalar from '../../../shaders/lib/storage/word_scalar.wgsl?raw';
import wordVec4 from '../../../shaders/lib/storage/word_vec4.wgsl?raw';
import forwardWgsl from '../../../shaders/rows/slice_columns.wgsl?raw';
import backwardWgsl from '../../../shaders/rows/slice_columns_backward.wgsl?raw';
import { WebVeraError } from '../../core/errors/error';
import { defineKernel, flatGrid } from '../../core/kernels/kernel';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';

interface Slice {
  readonly C: number;
  readonly start: number;
  readonly count: number;
}

const inVec4 = ({ C, start, count }: Slice): boolean => [C, start, count].every((size) => size % 4 === 0);

export const sliceColumnsForward = defineKernel({
  name: 'slice_columns',
  bindings: { x: 'read', y: 'write' },
  params: { N: 'size', C: 'size', start: 'place', count: 'size' },
  variants: [
    {
      name: 'vec4',
      wgsl: [forwardWgsl, wordVec4, flatIndex],
      workgroups: ({ N, count }) => flatGrid((N * count) / 4),
      fits: inVec4,
    },
    { wgsl: [forwardWgsl, wordScalar, flatIndex], workgroups: ({ N, count }) => flatGrid(N * count) },
  ],
});

export const sliceColumnsBackward = defineKernel({
  name: 'slice_columns_backward',
  bindings: { dy: 'read', sum: 'read', dx: 'write' },
  params: { N: 'size', C: 'size', start: 'place', count: 'size', has_sum: 'u32' },
  variants: [
    {
      name: 'vec4',
      wgsl: [backwardWgsl, wordVec4, flatIndex],
      workgroups: ({ N, C }) => flatGrid((N * C) / 4),
      fits: inVec4,
    },
    { wgsl: [backwardWgsl, wordScalar, flatIndex], workgroups: ({ N, C }) => flatGrid(N * C) },
  ],
  flops: ({ N, count }) => N * count,
});

/**
 * Columns start … start + count − 1 of x (…, C): (…, count). With `groups`, the same columns of each of that many equal parts of a row: (…,
 * groups·count).
 */
export function sliceColumns(g: Graph, x: Value, start: number, count: number, groups = 1): Value {
  const { rows, columns } = rowsAndColumns(x.shape);
  const [N, C] = [rows * groups, columns / groups];
  if (
    !Number.isInteger(C) ||
    !Number.isInteger(start) ||
    !Number.isInteger(count) ||
    start < 0 ||
    count < 1 ||
    start + count > C
  ) {
    throw new WebVeraError(
      'invalid_argument',
      `slice_columns: expected columns among ${C}, got ${count} from column ${start} on`,
    );
  }
  const made = { y: [...x.shape.slice(0, -1), groups * count] };
  const { y } = g.emit(sliceColumnsForward, { x }, made, { N, C, start, count });
  g.differentiate(y, [x], (dy, [{ sum }]) => {
    const params = { N, C, start, count, has_sum: Number(sum !== undefined) };
    return [g.emit(sliceColumnsBackward, { dy, sum: sum ?? dy }, { dx: x.shape }, params).dx];
  });
  return y;
}
