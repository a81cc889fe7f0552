import { WebVeraError } from '../core/errors/error';
import { expectShape, rowsAndColumns } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Step } from '../graph/step';
import type { Value } from '../graph/value';
import { passOn } from './add';
import { emitTurnedLinears } from './products/turned_linears';
import { gatherRows, gatherRowsKernel } from './rows/gather_rows';
import { flatKernel } from './shader_kernel';

const bindings = {
  q: 'read',
  k: 'read',
  table: 'read',
  positions: 'read',
  turned_q: 'write',
  turned_k: 'write',
} as const;

export const ropeKernel = flatKernel({
  name: 'rope',
  bindings,
  params: { N: 'size', C_q: 'size', C_k: 'size', D: 'size', direction: 'f32' },
  threads: ({ N, C_q, C_k }) => (N * (C_q + C_k)) / 2,
  inVec4: ({ D }) => D % 8 === 0,
  flops: ({ N, C_q, C_k }) => 3 * N * (C_q + C_k),
});

/** Rotates like `ropeKernel`, but only the first R numbers of each head. The others stay unchanged. */
export const ropePartialKernel = flatKernel({
  name: 'rope_partial',
  bindings,
  params: { N: 'size', C_q: 'size', C_k: 'size', D: 'size', R: 'size', direction: 'f32' },
  threads: ({ N, C_q, C_k }) => N * (C_q + C_k),
  flops: ({ N, C_q, C_k }) => 3 * N * (C_q + C_k),
});

/** The queries and keys to rotate, or their gradients; in the backward pass one may be missing. */
interface Rotated {
  readonly q: Value | undefined;
  readonly k: Value | undefined;
}

/** The position of each of N tokens, and the table of rotations. */
export interface Rotary {
  /** (P, R): row p has R/2 cosines, then R/2 sines, for position p. The first R numbers of each head are rotated. */
  readonly table: Value;
  /** u32 (N): the position of each token, below P. */
  readonly positions: Value;
}

interface RopeInputs extends Rotary {
  /** (N, heads·D) */
  readonly q: Value;
  /** (N, heads·D), with at most as many heads as q. */
  readonly k: Value;
  /** The number of elements in a head: even. */
  readonly D: number;
}

/**
 * Applies rotary position embedding to queries and keys: rotates pairs of numbers, one from each half of a head, as Hugging Face's Llama
 * does. The gradient rotates back; each direction takes one dispatch.
 */
export function rope(g: Graph, inputs: RopeInputs): { readonly q: Value; readonly k: Value } {
  const { q, k } = inputs;
  const turned = turn(g, inputs);
  g.differentiateAll([turned.q, turned.k], [q, k], ([dq, dk], sums) => {
    const [toQ, toK] = [sums.sink(q), sums.sink(k)];
    const given = { q: toQ.wanted ? dq : undefined, k: toK.wanted ? dk : undefined };
    const made = emitRope(g, inputs, given, -1);
    if (given.q !== undefined) sums.put(q, passOn(g, made.q, toQ));
    if (given.k !== undefined) sums.put(k, passOn(g, made.k, toK));
  });
  return turned;
}

/** Like `rope`, without declaring a gradient. */
export function turn(g: Graph, inputs: RopeInputs): { readonly q: Value; readonly k: Value } {
  const { q, k, table, positions, D } = inputs;
  const { rows: N, columns } = rowsAndColumns(q.shape);
  const [, R = 0] = table.shape;
  for (const C of [columns, rowsAndColumns(k.shape).columns]) {
    if (D < 2 || D % 2 !== 0 || C % D !== 0) {
      throw new WebVeraError('invalid_argument', `rope: expected heads of an even size that divides ${C}, got ${D}`);
    }
  }
  if (R < 2 || R % 2 !== 0 || R > D) {
    throw new WebVeraError('invalid_argument', `rope: expected an even count of a head's ${D} numbers, got ${R}`);
  }
  expectShape('rope k', k.shape, [...q.shape.slice(0, -1), k.shape.at(-1) ?? 0]);
  expectShape('rope positions', positions.shape, [N]);
  const inProduct = R === D && D % 8 === 0 ? emitTurnedLinears(g, inputs, () => turnsOf(g, inputs)) : undefined;
  return inProduct ?? emitRope(g, inputs, inputs, 1);
}

/** Returns the rotation of each token, (N, R): its row of the table. The step that computes it is emitted only once in a graph. */
export function turnsOf(g: Graph, { table, positions }: Rotary): Value {
  const [count = 0] = positions.shape;
  const isSame = ({ kernel, values, params }: Step): boolean =>
    kernel === gatherRowsKernel &&
    values.x === table &&
    values.rows === positions &&
    params.start === 0 &&
    params.count === count;
  return g.steps.find(isSame)?.values.y ?? gatherRows(g, table, positions, { start: 0, count });
}

function emitRope(
  g: Graph,
  { q, k, table, positions, D }: RopeInputs,
  given: Rotated,
  direction: 1 | -1,
): { readonly q: Value; readonly k: Value } {
  const { rows: N, columns: C_q } = rowsAndColumns(q.shape);
  const { columns: C_k } = rowsAndColumns(k.shape);
  const [, R = D] = table.shape;
  const values = { q: given.q ?? q, k: given.k ?? k, table, positions };
  const made = { turned_q: q.shape, turned_k: k.shape };
  const sizes = { N, C_q: given.q === undefined ? 0 : C_q, C_k: given.k === undefined ? 0 : C_k, D, direction };
  const { turned_q, turned_k } =
    R === D ? g.emit(ropeKernel, values, made, sizes) : g.emit(ropePartialKernel, values, made, { ...sizes, R });
  return { q: turned_q, k: turned_k };
}
