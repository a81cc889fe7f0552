import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import wordScalar from '../../shaders/lib/word_scalar.wgsl?raw';
import wordVec4 from '../../shaders/lib/word_vec4.wgsl?raw';
import ropeWgsl from '../../shaders/rope.wgsl?raw';
import { WebVeraError } from '../core/error';
import { defineKernel, flatGrid } from '../core/kernel';
import { expectShape, rowsAndColumns } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

export const ropeKernel = defineKernel({
  name: 'rope',
  bindings: { x: 'read', table: 'read', positions: 'read', sum: 'read', y: 'write' },
  params: { N: 'u32', C: 'u32', D: 'u32', direction: 'f32', has_sum: 'u32' },
  variants: [
    {
      name: 'vec4',
      wgsl: [ropeWgsl, wordVec4, flatIndex],
      workgroups: ({ N, C }) => flatGrid((N * C) / 8),
      fits: ({ D }) => D % 8 === 0,
    },
    { wgsl: [ropeWgsl, wordScalar, flatIndex], workgroups: ({ N, C }) => flatGrid((N * C) / 2) },
  ],
  flops: ({ N, C }) => 3 * N * C,
});

/**
 * Rotary position embedding, in halves as Hugging Face's Llama: x (N, heads·D), positions u32 (N), table (P, D) whose
 * row p is [cos (D/2) | sin (D/2)]. D is even and positions are below P. The gradient turns back.
 */
export function rope(g: Graph, x: Value, table: Value, positions: Value, D: number): Value {
  const { rows: N, columns: C } = rowsAndColumns(x.shape);
  if (D < 2 || D % 2 !== 0 || C % D !== 0) {
    throw new WebVeraError('invalid_argument', `rope: expected heads of an even size that divides ${C}, got ${D}`);
  }
  expectShape('rope table', table.shape, [table.shape[0] ?? 0, D]);
  expectShape('rope positions', positions.shape, [N]);
  const rotate = (from: Value, direction: 1 | -1, sum?: Value): Value => {
    const given = { x: from, table, positions, sum: sum ?? from };
    return g.emit(ropeKernel, given, { y: x.shape }, { N, C, D, direction, has_sum: Number(sum !== undefined) }).y;
  };
  const y = rotate(x, 1);
  g.differentiate(y, [x], (dy, [{ sum }]) => [rotate(dy, -1, sum)]);
  return y;
}
