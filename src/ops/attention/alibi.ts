import { expectShape, roundUp } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { passOn } from '../add';
import { flatKernel } from '../shader_kernel';
import { resized, resizeHeads } from './resize_heads';

export const alibiKeys = flatKernel({
  name: 'alibi_keys',
  bindings: { k: 'read', table: 'read', positions: 'read', y: 'write' },
  params: { N: 'size', H: 'size', from_columns: 'size', to_columns: 'size' },
  threads: ({ N, H, to_columns }) => N * H * to_columns,
});

interface AlibiInputs {
  /** (N, H·D) */
  readonly q: Value;
  /** (N, H·D) */
  readonly k: Value;
  /** (N, H·D) */
  readonly v: Value;
  /** (P, H): the bias of a key at each position, for each head. */
  readonly table: Value;
  /** u32 (N): the position of each token, below P; padding may have any position. */
  readonly positions: Value;
  /** The size of a head. */
  readonly D: number;
}

/** Queries, keys and values with larger heads, of D elements, so that the products of queries and keys include the bias. */
interface BiasedHeads {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly D: number;
}

/**
 * Prepares queries, keys and values for attention with linear biases (ALiBi): q'·k' = q·k + table[position of k, head]. An additional
 * column is 1 in each query and the bias in each key, so that attention and caches need no code for biases. Values and results have zeros
 * after the D elements of each head, which `resizeHeads` removes.
 */
export function withAlibi(g: Graph, { q, k, v, table, positions, D }: AlibiInputs): BiasedHeads {
  const to = roundUp(D + 1, 4);
  const [N = 0, columns = 0] = k.shape;
  const H = columns / D;
  for (const x of [q, v]) expectShape('alibi q and v', x.shape, k.shape);
  expectShape('alibi table', table.shape, [table.shape[0] ?? 0, H]);
  expectShape('alibi positions', positions.shape, [N]);
  const sizes = { N, H, from_columns: D, to_columns: to };
  const biased = g.emit(alibiKeys, { k, table, positions }, { y: [N, H * to] }, sizes).y;
  g.differentiate(biased, [k], (dy, [sink]) => [passOn(g, resized(g, dy, to, D), sink)]);
  return { q: resizeHeads(g, q, D, to, 1), k: biased, v: resizeHeads(g, v, D, to), D: to };
}
