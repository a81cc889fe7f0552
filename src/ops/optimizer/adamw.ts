import { WebVeraError } from '../../core/errors/error';
import { FLAT_THREADS } from '../../core/kernels/kernel';
import { ceilDiv, expectShape, numel } from '../../core/numbers/shape';
import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { shaderKernel } from '../shader_kernel';

/** The largest number of workgroups of the optimiser's kernels: enough for any GPU, with few partial sums to add up. */
export const OPTIMIZER_GROUPS = 256;

export const gradNormKernel = shaderKernel({
  name: 'grad_norm',
  bindings: { grads: 'read', before: 'read', partials: 'write' },
  params: { P: 'size', K: 'size', has_before: 'u32' },
  variants: [{ wgsl: ['grad_norm', 'one_thread_sum'], workgroups: ({ K }) => [K] }],
  flops: ({ P }) => 2 * P,
});

/**
 * Computes partial sums of the squared gradients of all pools together, (K) with K ≤ 256, which `adamw` adds up. Emits one dispatch for
 * each pool.
 */
export function gradNorm(g: Graph, pools: readonly Value[]): Value {
  const largest = pools.reduce((size, { shape }) => Math.max(size, numel(shape)), 0);
  const K = Math.max(1, Math.min(OPTIMIZER_GROUPS, ceilDiv(largest, FLAT_THREADS)));
  let before: Value | undefined;
  for (const grads of pools) {
    const params = { P: numel(grads.shape), K, has_before: Number(before !== undefined) };
    before = g.emit(gradNormKernel, { grads, before: before ?? grads }, { partials: [K] }, params).partials;
  }
  if (before === undefined) throw new WebVeraError('internal', 'grad_norm: expected at least one pool, got none');
  return before;
}

export const adamwKernel = shaderKernel({
  name: 'adamw',
  bindings: {
    partials: 'read',
    block: 'read',
    parameters: 'update',
    m: 'update',
    v: 'update',
    grads: 'update',
    stats: 'update',
  },
  params: {
    P: 'size',
    K: 'size',
    beta2: 'f32',
    one_minus_beta1: 'f32',
    one_minus_beta2: 'f32',
    epsilon: 'f32',
    weight_decay: 'f32',
    max_grad_norm: 'f32',
    first: 'place',
    rate: 'f32',
  },
  variants: [
    {
      wgsl: ['adamw', 'step_block', 'stats', 'is_finite', 'one_thread_sum'],
      workgroups: ({ P }) => [Math.max(1, Math.min(OPTIMIZER_GROUPS, ceilDiv(P, FLAT_THREADS)))],
    },
  ],
  flops: ({ P }) => 16 * P,
});

/** The values that AdamW reads and changes: all have P elements, except `partials`, `block` and `stats`. */
interface AdamWValues {
  readonly parameters: Value;
  /** First and second moments, initially zeros. */
  readonly m: Value;
  readonly v: Value;
  /** The gradients. Those of the updated parts are reset to zeros, even if the update is skipped. */
  readonly grads: Value;
  /** The partial sums of squared gradients from `gradNorm`, over all pools (buffers of trained parameters) that a step updates. */
  readonly partials: Value;
  /** The step block, which has the step, the learning rate and the bias corrections. */
  readonly block: Value;
  /** The statistics of the step: the loss is read; the gradient norm, the flag `nonfinite` and the step are written. */
  readonly stats: Value;
}

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weight_decay: number;
  /** The limit of the global gradient norm: larger gradients are scaled down to it. 0 disables clipping. */
  readonly max_grad_norm: number;
  /** The parts of the pool that are updated. Default: all of it, at the step's learning rate. */
  readonly parts?: readonly PoolPart[];
}

/** The elements of a pool from index `first` to below `end`, whose learning rate is that of the step times `rate`. */
export interface PoolPart {
  readonly first: number;
  readonly end: number;
  readonly rate: number;
}

/**
 * Updates the parameters of a pool by one step of torch's AdamW, after clipping by the global norm of the gradients. If the loss or the
 * norm isn't finite, parameters and moments stay unchanged, in this and later steps, until the host clears `stats.nonfinite`. A step with
 * several pools calls this for each pool, with the same partials, block and stats, so that all pools are clipped or skipped alike. Emits
 * one dispatch for each part.
 */
export function adamw(g: Graph, values: AdamWValues, options: AdamWOptions): void {
  const { parameters, partials } = values;
  for (const name of ['m', 'v', 'grads'] as const) expectShape(`adamw ${name}`, values[name].shape, parameters.shape);
  const { parts = [{ first: 0, end: numel(parameters.shape), rate: 1 }], beta1, beta2, ...others } = options;
  const betas = { beta2, one_minus_beta1: 1 - beta1, one_minus_beta2: 1 - beta2 };
  for (const { first, end, rate } of parts) {
    const params = { P: end - first, K: numel(partials.shape), ...betas, ...others, first, rate };
    g.emit(adamwKernel, { ...values }, {}, params);
  }
}
