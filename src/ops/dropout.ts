import { WebVeraError } from '../core/errors/error';
import { DROPOUT_STREAMS, seedWords } from '../core/numbers/rng';
import { expectShape, numel } from '../core/numbers/shape';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { flatKernel } from './shader_kernel';

export const dropoutKernel = flatKernel({
  name: 'dropout',
  bindings: { x: 'read', block: 'read', sum: 'read', y: 'write' },
  params: {
    size: 'size',
    module_index: 'place',
    first_stream: 'place',
    seed_low: 'place',
    seed_high: 'place',
    last_dropped: 'u32',
    scale: 'f32',
    has_sum: 'u32',
  },
  with: ['philox', 'step_block'],
  threads: ({ size }) => size / 4,
  // Four elements share ten rounds of Philox, with about twenty operations each.
  flops: ({ size }) => 50 * size,
});

export interface DropoutOptions {
  /** The probability that an element is dropped, from 0 to 1. */
  readonly p: number;
  /** The seed of the random numbers: a safe integer. */
  readonly seed: number;
  /** A number below 2³² that identifies the wrapped module and its adapter, so that each of them has its own masks. */
  readonly module: number;
  /** The step block (step_block.wgsl) with the numbers of the step and the micro-step: each micro-step has its own masks. */
  readonly block: Value;
}

/**
 * 0 for dropped elements, x / (1 − p) for the others. The same seed, module, step and micro-step give the same mask. The mask is never
 * stored: the backward pass draws it again. p = 0 returns x itself, p = 1 zeros. Throws `invalid_argument` for another p, or a seed that
 * isn't a safe integer.
 */
export function dropout(g: Graph, x: Value, options: DropoutOptions): Value {
  const { p, seed, module, block } = options;
  if (!(p >= 0 && p <= 1)) {
    throw new WebVeraError('invalid_argument', `dropout: expected a probability from 0 to 1, got ${p}`);
  }
  expectShape('dropout block', block.shape, [8]);
  const [seed_low, seed_high] = seedWords(seed);
  if (p === 0) return x;
  const params = {
    size: numel(x.shape),
    module_index: module,
    first_stream: DROPOUT_STREAMS,
    seed_low,
    seed_high,
    // The largest random word that drops an element: floor(p · 2³²) of the 2³² words do so, and at least one.
    last_dropped: Math.max(1, Math.floor(p * 2 ** 32)) - 1,
    scale: p === 1 ? 0 : 1 / (1 - p),
  };
  const { y } = g.emit(dropoutKernel, { x, block, sum: x }, { y: x.shape }, { ...params, has_sum: 0 });
  g.differentiate(y, [x], (dy, [{ sum }]) => {
    const has_sum = Number(sum !== undefined);
    return [g.emit(dropoutKernel, { x: dy, block, sum: sum ?? dy }, { y: x.shape }, { ...params, has_sum }).y];
  });
  return y;
}
