import { WebVeraError } from '../../core/errors/error';
import { FLAT_THREADS } from '../../core/kernels/kernel';
import { ceilDiv, expectShape, formatShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import { shardsOf, storageOf, type Value } from '../../graph/value';
import { flatKernel, shaderKernel } from '../shader_kernel';
import { accumulatedIn } from './column_sum';
import { byStorage } from './stored';

export const embeddingForward = byStorage((stored) =>
  flatKernel({
    name: 'embedding',
    bindings: { ids: 'read', weight: 'read', before: 'read', y: 'write' },
    params: {
      N: 'size',
      C: 'size',
      V: 'size',
      first: 'place',
      count: 'size',
      offset: 'place',
      scale: 'f32',
      has_before: 'u32',
    },
    with: [...stored],
    threads: ({ N, C }) => N * C,
  }),
);

export const embeddingLinks = shaderKernel({
  name: 'embedding_links',
  bindings: { ids: 'read', links: 'write' },
  params: { N: 'size', V: 'size', offset: 'place' },
  splits: true,
  variants: [{ wgsl: ['embedding_links'], workgroups: ({ N }) => [ceilDiv(N, FLAT_THREADS)] }],
  // In the worst case, each token's thread compares the token's row with the rows of all other tokens.
  flops: ({ N }) => N * N,
});

export const embeddingBackward = flatKernel({
  name: 'embedding_backward',
  bindings: { ids: 'read', links: 'read', dy: 'read', dw: 'update' },
  params: { N: 'size', C: 'size', V: 'size', offset: 'place', padding: 'u32', scale: 'f32' },
  threads: ({ N, C }) => N * C,
  flops: ({ N, C }) => N * C,
});

interface EmbeddingParams {
  /**
   * The index of the weight's row for the id 0. It is added to every id. The sum wraps around at 32 bits, so the id −1 means the row before
   * that of the id 0. Default: 0.
   */
  readonly offset?: number;
  /** The id (before the offset is added) whose row receives no gradient, as torch's `padding_idx`. Default: none. */
  readonly padding?: number | undefined;
  /** The factor by which the rows are multiplied: √C in Gemma. Default: 1. */
  readonly scale?: number;
}

/** Stands for no padding id. −1 can't, because in a table of positions, which has an offset, −1 is the position of padding. */
const NO_PADDING = 0x80000000;

/**
 * Returns the rows ids + offset of weight (V, C), times `scale`: (N, C) for ids (N). The weight may have any storage format. Ids must be
 * below V − offset. If the weight trains, its gradient accumulates in the buffer passed to `Graph.grad`.
 */
export function embedding(
  g: Graph,
  ids: Value,
  weight: Value,
  { offset = 0, padding = NO_PADDING, scale = 1 }: EmbeddingParams = {},
): Value {
  const [V, C] = weight.shape;
  if (V === undefined || C === undefined || weight.shape.length !== 2) {
    throw new WebVeraError('invalid_argument', `embedding weight: expected (V, C), got ${formatShape(weight.shape)}`);
  }
  if (!(Number.isInteger(offset) && offset >= 0 && offset < V)) {
    throw new WebVeraError(
      'invalid_argument',
      `embedding offset: expected an integer from 0 below ${V}, got ${offset}`,
    );
  }
  const N = numel(ids.shape);
  const y = emitShards(g, ids, weight, { N, C, V, offset, scale });
  g.differentiate(y, [weight], (dy, [sink]) => {
    const dw = accumulatedIn(sink, weight);
    expectShape('embedding gradient', dw.shape, [V, C]);
    const { links } = g.emit(embeddingLinks, { ids }, { links: [N] }, { N, V, offset });
    g.emit(embeddingBackward, { ids, links, dy, dw }, {}, { N, C, V, offset, padding, scale });
    return [dw];
  });
  return y;
}

/** Emits a step for each shard, which writes the rows of that shard and copies the others from the previous result. */
function emitShards(
  g: Graph,
  ids: Value,
  weight: Value,
  params: {
    readonly N: number;
    readonly C: number;
    readonly V: number;
    readonly offset: number;
    readonly scale: number;
  },
): Value {
  const kernel = embeddingForward[storageOf(weight).name];
  const y = shardsOf(weight).reduce<Value | undefined>((before, { value, first }) => {
    const of = { first, count: value.shape[0] ?? 0, has_before: Number(before !== undefined) };
    const given = { ids, weight: value, before: before ?? value };
    return g.emit(kernel, given, { y: [params.N, params.C] }, { ...params, ...of }).y;
  }, undefined);
  if (y === undefined) throw new WebVeraError('internal', `${weight.name} has no shards`);
  return y;
}
