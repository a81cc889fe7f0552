import wgsl from '../../shaders/embedding.wgsl?raw';
import flatIndex from '../../shaders/lib/flat_index.wgsl?raw';
import { WebVeraError } from '../core/error';
import { defineKernel, flatGrid } from '../core/kernel';
import { formatShape, numel } from '../core/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';

export const embeddingForward = defineKernel({
  name: 'embedding',
  bindings: { ids: 'read', weight: 'read', y: 'write' },
  params: { N: 'u32', C: 'u32', V: 'u32', half: 'u32' },
  variants: [{ wgsl: [wgsl, flatIndex], workgroups: ({ N, C }) => flatGrid(N * C) }],
});

/**
 * The rows of weight (V, C), f32 or f16, that ids (N) name: (N, C). The weight is frozen, so there is no gradient.
 * Ids must be below V.
 */
export function embedding(g: Graph, ids: Value, weight: Value): Value {
  const [V, C] = weight.shape;
  if (V === undefined || C === undefined || weight.shape.length !== 2) {
    throw new WebVeraError('invalid_argument', `embedding weight: expected (V, C), got ${formatShape(weight.shape)}`);
  }
  const N = numel(ids.shape);
  const half = Number(weight.dtype === 'f16');
  return g.emit(embeddingForward, { ids, weight }, { y: [N, C] }, { N, C, V, half }).y;
}
