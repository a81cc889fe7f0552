import { WebVeraError } from '../../core/errors/error';
import { rowsAndColumns } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { flatKernel } from '../shader_kernel';

interface Slice {
  readonly C: number;
  readonly start: number;
  readonly count: number;
}

const inVec4 = ({ C, start, count }: Slice): boolean => [C, start, count].every((size) => size % 4 === 0);

export const sliceColumnsForward = flatKernel({
  name: 'slice_columns',
  bindings: { x: 'read', y: 'write' },
  params: { N: 'size', C: 'size', start: 'place', count: 'size' },
  threads: ({ N, count }) => N * count,
  inVec4,
});

export const sliceColumnsBackward = flatKernel({
  name: 'slice_columns_backward',
  bindings: { dy: 'read', sum: 'read', dx: 'write' },
  params: { N: 'size', C: 'size', start: 'place', count: 'size', has_sum: 'u32' },
  threads: ({ N, C }) => N * C,
  inVec4,
  flops: ({ N, count }) => N * count,
});

/**
 * Returns the columns start … start + count − 1 of x (…, C): (…, count). With `groups`, each row is split into that many equal parts, and
 * these columns of every part are returned: (…, groups·count).
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
