import { WebVeraError } from '../core/errors/error';
import { numel } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { flatKernel } from './shader_kernel';

/** The number of elements per thread. */
const PER_THREAD = 16;
/** The number of multiply-adds for each element in a round. */
const PER_ROUND = 4;

export const fmaChain = flatKernel({
  name: 'fma_chain',
  bindings: { x: 'read', y: 'write' },
  params: { threads: 'size', rounds: 'size', a: 'f32', b: 'f32' },
  threads: ({ threads }) => threads,
  flops: ({ threads, rounds }) => 2 * PER_ROUND * rounds * PER_THREAD * threads,
});

/**
 * Applies v = a · v + b to each element of x, 4 · `rounds` times; without rounds, it copies x. The benchmark uses it to measure a device's
 * peak rate. x is f32 with a multiple of 16 elements. Has no gradient.
 */
export function emitFmaChain(g: Graph, x: Value, { rounds, a, b }: { rounds: number; a: number; b: number }): Value {
  const size = numel(x.shape);
  if (x.dtype !== 'f32' || size % PER_THREAD !== 0) {
    throw new WebVeraError(
      'invalid_argument',
      `fma_chain: expected f32 of a multiple of ${PER_THREAD} elements, got ${x.dtype} of ${size}`,
    );
  }
  return g.emit(fmaChain, { x }, { y: x.shape }, { threads: size / PER_THREAD, rounds, a, b }).y;
}
