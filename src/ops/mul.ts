import { expectShape, numel } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { passOn } from './add';
import { flatKernel } from './shader_kernel';

export const mulKernel = flatKernel({
  name: 'mul',
  bindings: { a: 'read', b: 'read', y: 'write' },
  params: { size: 'size' },
  threads: ({ size }) => size / 4,
  flops: ({ size }) => size,
});

/** Multiplies two different values of the same shape, element by element. The gradient of each of them is dy times the other. */
export function mul(g: Graph, a: Value, b: Value): Value {
  expectShape('mul b', b.shape, a.shape);
  const y = emitMul(g, a, b);
  g.differentiate(y, [a, b], (dy, [toA, toB]) => [
    toA.wanted ? passOn(g, emitMul(g, dy, b), toA) : undefined,
    toB.wanted ? passOn(g, emitMul(g, dy, a), toB) : undefined,
  ]);
  return y;
}

function emitMul(g: Graph, a: Value, b: Value): Value {
  return g.emit(mulKernel, { a, b }, { y: a.shape }, { size: numel(a.shape) }).y;
}
