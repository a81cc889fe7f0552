import type { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import { add } from '../../../src/ops/add';
import { mixedScale } from '../../../src/ops/mixed/mixed_scale';
import { mixedUp } from '../../../src/ops/mixed/mixed_up';
import { linear } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { type Fill, randomArray } from '../../helpers/maths/random';
import type { Memory } from '../../reference/runner';

export interface MixedSizes {
  readonly C: number;
  readonly R: number;
  readonly T: number;
  /** The index of the adapter of each batch row, from 0 to 2. */
  readonly which: readonly number[];
}

/** Builds a table with a row for each of three adapters: its vector of R elements, its vector of C elements, then unused elements. */
export function mixedInputs({ C, R, T, which }: MixedSizes, fill: Fill = randomArray) {
  const memory: Memory = new Map();
  const N = which.length * T;
  const offset = 4 * Math.ceil(R / 4);
  const stride = offset + 4 * Math.ceil(C / 4) + 4;
  const x = input(memory, 'x', [N, R], fill(N * R, 1));
  const table = input(memory, 'table', [3, stride], fill(3 * stride, 2));
  const residual = input(memory, 'residual', [N, C], fill(N * C, 3));
  const B = input(memory, 'B', [C, R], fill(C * R, 4));
  const scales = input(memory, 'scales', [3], Float64Array.of(1, 0.5, 4));
  const pools = { table, scales, which: input(memory, 'which', [which.length], Float64Array.from(which), 'u32'), T };
  /** Builds residual + λ_b ⊙ B·(λ_d ⊙ x). */
  const build = (g: Graph): Value => {
    const low = linear(g, mixedScale(g, x, { ...pools, offset: 0 }), B);
    return add(g, mixedScale(g, low, { ...pools, offset }), residual);
  };
  /** Builds the same with `mixedUp`, which is a single matrix product. */
  const buildUp = (g: Graph): Value =>
    mixedUp(g, residual, mixedScale(g, x, { ...pools, offset: 0 }), B, { ...pools, offset });
  return { memory, x, table, residual, B, pools, offset, build, buildUp };
}

/** Builds the gradients of x and of the table. The caller puts the numbers of `dy` into `memory`. */
export function withGradient(
  g: Graph,
  memory: Memory,
  build: (g: Graph) => Value,
  { x, table }: Record<'x' | 'table', Value>,
) {
  const grads = input(memory, 'grads', table.shape, new Float64Array(memory.get(table)?.length ?? 0));
  g.train(x);
  g.train(table);
  const y = build(g);
  const dy = pinned('dy', y.shape);
  return { y, dy, grads, dx: g.grad(y, dy, new Map([[table, grads]])).get(x) as Value };
}
