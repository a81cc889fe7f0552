import { expectShape, numel } from '../core/numbers/shape';
import type { Graph, Sink } from '../graph/graph';
import type { Value } from '../graph/value';
import { flatKernel } from './shader_kernel';

export const addForward = flatKernel({
  name: 'add',
  bindings: { a: 'read', b: 'read', y: 'write' },
  params: { size: 'size' },
  threads: ({ size }) => size / 4,
  flops: ({ size }) => size,
});

/** a + b, for two different values of the same shape. Both receive the gradient unchanged. */
export function add(g: Graph, a: Value, b: Value): Value {
  expectShape('add b', b.shape, a.shape);
  const y = emitAdd(g, a, b);
  g.differentiate(y, [a, b], (dy, [toA, toB]) => [passOn(g, dy, toA), passOn(g, dy, toB)]);
  return y;
}

/** a + b without a gradient. */
export function emitAdd(g: Graph, a: Value, b: Value): Value {
  return g.emit(addForward, { a, b }, { y: a.shape }, { size: numel(a.shape) }).y;
}

/**
 * Returns a value's total gradient: one op's contribution, `own`, plus the sum of the contributions before it. Without such a sum, returns
 * `own` and emits no dispatch. Returns undefined if the gradient isn't wanted.
 */
export function passOn(g: Graph, own: Value, { wanted, sum }: Sink): Value | undefined {
  if (!wanted) return undefined;
  return sum === undefined ? own : emitAdd(g, sum, own);
}
